#include "gateway/api/models/series.h"

namespace tallygate::api {
namespace {

using std::chrono::hours;

store::Resolution resolution_of(std::chrono::seconds step) {
  if (step % hours{24} == std::chrono::seconds{0}) return store::Resolution::day;
  return step % hours{1} == std::chrono::seconds{0} ? store::Resolution::hour
                                                    : store::Resolution::minute;
}

std::optional<double> mean_millis(std::uint64_t micros, std::uint64_t count) {
  if (count == 0) return std::nullopt;
  return static_cast<double>(micros) / 1000 / static_cast<double>(count);
}

SeriesPoint point_of(WallTime start, const router::Totals& totals) {
  return {start,
          totals.requests,
          totals.successes,
          totals.failures,
          mean_millis(totals.latency_us_sum, totals.successes),
          mean_millis(totals.first_token_us_sum, totals.first_tokens),
          totals.input_tokens,
          totals.output_tokens,
          totals.cost_nano_usd};
}

}  // namespace

Result<std::vector<SeriesPoint>> read_series(const SeriesQuery& query, const ReadSeries& read) {
  store::SeriesQuery asked;
  asked.keys.kind = router::TallyKey::Kind::performance;
  asked.keys.route = query.route;
  asked.keys.version = query.version;
  asked.keys.conversation = query.conversation;
  asked.resolution = resolution_of(query.step);
  // Steps are counted from the epoch, so that the same request a minute later has the same ones.
  const WallTime::duration step = query.step;
  asked.from = query.from - query.from.time_since_epoch() % step;
  asked.to = query.to;
  const auto buckets = read(asked);
  if (!buckets) return buckets.error();
  std::vector<SeriesPoint> points;
  router::Totals sum;
  WallTime start{};
  for (const store::SeriesPoint& bucket : *buckets) {
    const WallTime its_start = bucket.start - bucket.start.time_since_epoch() % step;
    if (its_start != start) {
      if (sum.requests > 0) points.push_back(point_of(start, sum));
      sum = {};
      start = its_start;
    }
    sum.merge(bucket.totals);
  }
  if (sum.requests > 0) points.push_back(point_of(start, sum));
  return points;
}

}  // namespace tallygate::api
