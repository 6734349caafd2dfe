#pragma once
// Drops entries whose value is a request id older than the cutoff, when RocksDB compacts anyway.
// For families whose keys do not sort by time. Thread-safe.

#include <rocksdb/compaction_filter.h>

#include <atomic>
#include <memory>

#include "base/time.h"

namespace tallygate::store {

class RetentionFilterFactory : public ::rocksdb::CompactionFilterFactory {
 public:
  void forget_before(WallTime cutoff) { cutoff_.store(cutoff, std::memory_order_relaxed); }
  WallTime cutoff() const { return cutoff_.load(std::memory_order_relaxed); }

  const char* Name() const override { return "tallygate.retention"; }
  std::unique_ptr<::rocksdb::CompactionFilter> CreateCompactionFilter(
      const ::rocksdb::CompactionFilter::Context& context) override;

 private:
  std::atomic<WallTime> cutoff_{WallTime{}};
};

}  // namespace tallygate::store
