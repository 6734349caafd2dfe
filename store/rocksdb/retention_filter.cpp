#include "store/rocksdb/retention_filter.h"

#include "store/bytes.h"

namespace tallygate::store {
namespace {

class RetentionFilter : public ::rocksdb::CompactionFilter {
 public:
  explicit RetentionFilter(WallTime cutoff) : cutoff_(cutoff) {}

  const char* Name() const override { return "tallygate.retention"; }
  bool Filter(int, const ::rocksdb::Slice&, const ::rocksdb::Slice& value, std::string*,
              bool*) const override {
    return value.size() == sizeof(Uuid) && time_of(uuid_of(value.ToStringView())) < cutoff_;
  }

 private:
  const WallTime cutoff_;
};

}  // namespace

std::unique_ptr<::rocksdb::CompactionFilter> RetentionFilterFactory::CreateCompactionFilter(
    const ::rocksdb::CompactionFilter::Context&) {
  return std::make_unique<RetentionFilter>(cutoff());
}

}  // namespace tallygate::store
