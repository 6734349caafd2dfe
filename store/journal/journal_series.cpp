// JournalCore's part that reads time series: what is stored, and what no checkpoint has written
// yet.

#include <algorithm>

#include "store/journal/journal_core.h"
#include "store/rocksdb/series_reader.h"

namespace tallygate::store {
namespace {

struct Buckets {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

Result<Buckets> buckets_of(const SeriesQuery& query) {
  const auto invalid = [](std::string what) {
    return make_error(Errc::invalid_parameter, "time series: " + std::move(what));
  };
  if (query.to <= query.from) return invalid("`to` must be after `from`");
  Buckets buckets;
  buckets.first = bucket_of(minute_of(query.from), query.resolution);
  buckets.last = bucket_of(minute_of(query.to - std::chrono::microseconds{1}), query.resolution);
  if (buckets.last - buckets.first >= kMaxSeriesPoints) {
    return invalid("it has more than " + std::to_string(kMaxSeriesPoints) +
                   " points; ask for a shorter time or a coarser resolution");
  }
  return buckets;
}

}  // namespace

Result<std::vector<SeriesPoint>> JournalCore::series(const SeriesQuery& query) const {
  const auto buckets = buckets_of(query);
  if (!buckets) return buckets.error();
  auto filter = query.keys;
  using Kind = router::TallyKey::Kind;
  if (!filter.kind) filter.kind = filter.experiment == 0 ? Kind::performance : Kind::variant;
  return with_database([&](Database& database) -> Result<std::vector<SeriesPoint>> {
    if (background_->failed.load()) {  // the last checkpoint may have arrived or not
      return make_error(Errc::storage_unavailable, "journal: the database is being reopened");
    }
    SeriesSums sums;
    std::vector<router::TallyKey> keys;
    std::optional<SeriesReader> stored;
    {
      // Nothing is written and not yet known to be: both halves are of one moment.
      const std::scoped_lock lock(checkpoint_mutex_, book_mutex_);
      keys = book_.keys(filter);
      book_.add_pending(filter, query.resolution, buckets->first, buckets->last, sums);
      stored.emplace(database);
    }
    for (const auto& key : keys) {
      auto added = stored->add(key, query.resolution, buckets->first, buckets->last, sums);
      if (!added) return added.error();
    }
    std::vector<SeriesPoint> points;
    for (const auto& [bucket, totals] : sums) {
      points.push_back({start_of(bucket, query.resolution), totals});
    }
    return points;
  });
}

}  // namespace tallygate::store
