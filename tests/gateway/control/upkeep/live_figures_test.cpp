#include "gateway/control/upkeep/live_figures.h"

#include <gtest/gtest.h>

namespace tallygate {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds kWindow = minutes{10};

/// Counts so far, an hour into the process unless said otherwise.
struct Gate {
  router::Tally tally;
  std::vector<store::SeriesPoint> series;
  int series_read = 0;
  LiveFigures figures;
  Moment now{SteadyTime{minutes{60}}, WallTime{minutes{30'000'000}}};

  void count(std::uint64_t ok, std::uint64_t failed, std::uint64_t latency_us = 1000) {
    tally.outcomes[static_cast<std::size_t>(router::Outcome::ok)] += ok;
    tally.outcomes[static_cast<std::size_t>(router::Outcome::upstream_error)] += failed;
    for (std::uint64_t i = 0; i < ok; ++i) tally.latency.insert_micros(latency_us);
  }
  /// Counted before the process began, so long ago.
  void count_before(minutes ago, std::uint64_t ok, std::uint64_t failed) {
    count(ok, failed);
    store::SeriesPoint point;
    point.start = now.wall - ago;
    point.totals.requests = ok + failed;
    point.totals.failures = failed;
    series.push_back(point);
  }
  void pass(seconds time) {
    now.steady += time;
    now.wall += time;
  }
  registry::LiveFigure look() {
    registry::LiveFigure figure;
    figure.model_type = "chat";
    figure.window = kWindow;
    store::TallySet tallies;
    tallies.entries.emplace_back(router::TallyKey{}, tally);
    figures.fill(figure, tallies, now, [&](const registry::LiveFigure&) {
      ++series_read;
      return series;
    });
    return figure;
  }
};

TEST(LiveFigures, KnowWhatHappenedBeforeTheProcessBegan) {
  Gate gate;
  gate.count(1000, 0);  // long ago, not in the window's series
  gate.count_before(minutes{8}, 10, 10);
  gate.count_before(minutes{2}, 20, 0);
  const auto figure = gate.look();
  EXPECT_EQ(figure.requests, 40U);
  EXPECT_DOUBLE_EQ(figure.error_rate, 0.25);
}

TEST(LiveFigures, ForgetWhatLeavesTheWindow) {
  Gate gate;
  gate.count_before(minutes{8}, 10, 10);
  gate.count_before(minutes{2}, 20, 0);
  gate.look();
  gate.pass(minutes{4});
  gate.count(5, 0);
  const auto later = gate.look();
  EXPECT_EQ(later.requests, 25U) << "the failures are twelve minutes old";
  EXPECT_EQ(later.error_rate, 0);
  for (int i = 0; i < 12; ++i) {
    gate.pass(minutes{1});
    gate.look();
  }
  EXPECT_EQ(gate.look().requests, 0U);
  EXPECT_EQ(gate.series_read, 1);
}

TEST(LiveFigures, GiveTheLatencyOfTheWindowOnly) {
  Gate gate;
  gate.count(1000, 0, 1'000'000);
  gate.look();
  gate.pass(minutes{1});
  gate.count(100, 0, 10'000);
  EXPECT_NEAR(gate.look().latency_p95_ms, 10, 0.3);
}

TEST(LiveFigures, AnswerWithoutAnyHistory) {
  Gate gate;
  const auto figure = gate.look();
  EXPECT_EQ(figure.requests, 0U);
  EXPECT_EQ(figure.error_rate, 0);
}

}  // namespace
}  // namespace tallygate
