#include "store/rocksdb/retention_filter.h"

#include "store/index_codec.h"

namespace tallygate::store {
namespace {

class RetentionFilter : public ::rocksdb::CompactionFilter {
 public:
  explicit RetentionFilter(std::uint64_t last) : last_(last) {}

  const char* Name() const override { return "tallygate.retention"; }
  bool Filter(int, const ::rocksdb::Slice&, const ::rocksdb::Slice& value, std::string*,
              bool*) const override {
    const auto newest = last_entry(value.ToStringView());
    return newest && newest->batch <= last_;
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
