#pragma once
// What a read for somebody who waits may take: time, and rows. RocksDB looks at a deadline only
// when it reads from a file, so rows that are cached are counted against the clock here. One
// thread's.

#include <rocksdb/db.h>

#include <chrono>
#include <cstdint>

namespace tallygate::store {

struct ReadLimits {
  std::chrono::milliseconds time{5'000};
  std::uint64_t rows = 1'000'000;  ///< looked at, whether they are answered or not
};

class BoundedRead {
 public:
  explicit BoundedRead(::rocksdb::DB& engine, ReadLimits limits = {});

  /// Fills no cache, and ends at the deadline.
  const ::rocksdb::ReadOptions& options() const { return options_; }
  /// Before each row. TimedOut or Aborted, with what to do: the read is over.
  ::rocksdb::Status next_row();

 private:
  ::rocksdb::ReadOptions options_;
  const ReadLimits limits_;
  const std::chrono::steady_clock::time_point deadline_;
  std::uint64_t rows_ = 0;
};

}  // namespace tallygate::store
