#include "gateway/api/models/series.h"

#include <gtest/gtest.h>

namespace tallygate::api {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr WallTime kDay{std::chrono::seconds{1'795'219'200}};  // 2026-11-21T00:00:00Z

struct Series {
  std::vector<store::SeriesPoint> buckets;
  store::SeriesQuery asked;

  Result<std::vector<SeriesPoint>> read(std::chrono::seconds step) {
    SeriesQuery query;
    query.route = 7;
    query.version = 8;
    query.conversation = router::Conversation::embedding;
    query.from = kDay + minutes{7};
    query.to = kDay + hours{5};
    query.step = step;
    return read_series(query, [this](const store::SeriesQuery& its_query) {
      asked = its_query;
      return Result<std::vector<store::SeriesPoint>>(buckets);
    });
  }
};

store::SeriesPoint bucket(WallTime start, std::uint64_t successes) {
  store::SeriesPoint point{start, {}};
  point.totals.requests = successes + 1;
  point.totals.successes = successes;
  point.totals.latency_us_sum = successes * 2'000;
  return point;
}

TEST(ReadSeries, AsksByTheCoarsestResolutionThatFits) {
  Series series;
  const auto check = [&](std::chrono::seconds step, store::Resolution expected, WallTime from) {
    ASSERT_TRUE(series.read(step));
    EXPECT_EQ(series.asked.resolution, expected) << step.count();
    EXPECT_EQ(series.asked.from, from) << step.count();
  };
  check(minutes{1}, store::Resolution::minute, kDay + minutes{7});
  check(minutes{5}, store::Resolution::minute, kDay + minutes{5});
  check(minutes{90}, store::Resolution::minute, kDay);
  check(hours{2}, store::Resolution::hour, kDay);
  check(hours{24}, store::Resolution::day, kDay);
  EXPECT_EQ(series.asked.to, kDay + hours{5});
  EXPECT_EQ(series.asked.keys.route, 7U);
  EXPECT_EQ(series.asked.keys.version, 8U);
  EXPECT_EQ(series.asked.keys.conversation, router::Conversation::embedding);
}

TEST(ReadSeries, SumsTheBucketsOfAStep) {
  Series series;
  series.buckets = {bucket(kDay, 1), bucket(kDay + minutes{4}, 2), bucket(kDay + minutes{5}, 0)};
  const auto points = series.read(minutes{5});
  ASSERT_TRUE(points);
  ASSERT_EQ(points->size(), 2U);
  EXPECT_EQ((*points)[0].start, kDay);
  EXPECT_EQ((*points)[0].requests, 5U);
  EXPECT_EQ((*points)[0].latency_ms_mean, 2.0);
  EXPECT_EQ((*points)[0].ttft_ms_mean, std::nullopt);
  EXPECT_EQ((*points)[1].start, kDay + minutes{5});
  EXPECT_EQ((*points)[1].latency_ms_mean, std::nullopt);
}

TEST(ReadSeries, IsEmptyWhereNothingHappened) {
  Series series;
  EXPECT_TRUE(series.read(minutes{5})->empty());
}

}  // namespace
}  // namespace tallygate::api
