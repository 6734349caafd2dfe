#pragma once
// Drops index segments that name removed batches only, when RocksDB compacts anyway. Thread-safe.

#include <rocksdb/compaction_filter.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace tallygate::store {

class RetentionFilterFactory : public ::rocksdb::CompactionFilterFactory {
 public:
  /// Batches up to `last` are removed.
  void forget_up_to(std::uint64_t last) { last_.store(last, std::memory_order_relaxed); }

  const char* Name() const override { return "tallygate.retention"; }
  std::unique_ptr<::rocksdb::CompactionFilter> CreateCompactionFilter(
      const ::rocksdb::CompactionFilter::Context& context) override;

 private:
  std::atomic<std::uint64_t> last_{0};
};

}  // namespace tallygate::store
