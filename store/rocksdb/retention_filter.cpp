#include "store/rocksdb/retention_filter.h"

#include "store/journal/codec/index_codec.h"

namespace tallygate::store {
namespace {

class RetentionFilter : public ::rocksdb::CompactionFilter {
 public:
  explicit RetentionFilter(std::uint64_t last) : last_(last) {}

  const char* Name() const override { return "tallygate.retention"; }
  bool Filter(int, const ::rocksdb::Slice& key, const ::rocksdb::Slice& value, std::string*,
              bool*) const override {
    const auto first = first_batch_of(key.ToStringView());
    if (!first) return false;
    const auto newest = IndexEntries(*first, value.ToStringView()).last_batch();
    return newest && *newest <= last_;
  }

 private:
  const std::uint64_t last_;
};

}  // namespace

std::unique_ptr<::rocksdb::CompactionFilter> RetentionFilterFactory::CreateCompactionFilter(
    const ::rocksdb::CompactionFilter::Context&) {
  return std::make_unique<RetentionFilter>(last_.load(std::memory_order_relaxed));
}

}  // namespace tallygate::store
