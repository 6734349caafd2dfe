#include "store/rocksdb/bounded_read.h"

#include <rocksdb/env.h>

#include <string>

namespace tallygate::store {
namespace {

/// Rows between two looks at the clock.
constexpr std::uint64_t kLookEvery = 256;

}  // namespace

BoundedRead::BoundedRead(::rocksdb::DB& engine, ReadLimits limits)
    : limits_(limits), deadline_(std::chrono::steady_clock::now() + limits.time) {
  options_.fill_cache = false;
  options_.deadline = std::chrono::microseconds(engine.GetEnv()->NowMicros()) + limits.time;
}

::rocksdb::Status BoundedRead::next_row() {
  if (++rows_ > limits_.rows) {
    return ::rocksdb::Status::Aborted("it would read more than " + std::to_string(limits_.rows) +
                                      " rows; ask for less");
  }
  if (rows_ % kLookEvery == 0 && std::chrono::steady_clock::now() > deadline_) {
    return ::rocksdb::Status::TimedOut();
  }
  return ::rocksdb::Status::OK();
}

}  // namespace tallygate::store
