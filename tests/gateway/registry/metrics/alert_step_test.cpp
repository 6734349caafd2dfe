#include "gateway/registry/metrics/alert_step.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace tallygate::registry {
namespace {

constexpr WallTime kNow{std::chrono::seconds{1'795'248'190}};
constexpr std::chrono::minutes kMinute{1};

AlertRule below(double threshold, double clear) {
  AlertRule rule;
  rule.id = "a1";
  rule.metric_type = "accuracy";
  rule.model_type = "assistant";
  rule.threshold = threshold;
  rule.clear = clear;
  rule.window = kMinute * 10;
  return rule;
}

AlertRule above(std::string_view type, double threshold, double clear) {
  AlertRule rule = below(threshold, clear);
  rule.metric_type = type;
  rule.is_below = false;
  return rule;
}

struct Look {
  int minute;
  std::optional<double> value;
};

/// "0 fired, 25 cleared": the minutes at which something changed.
std::string changes_of(AlertRule rule, const std::vector<Look>& looks) {
  std::string text;
  for (const auto& [minute, value] : looks) {
    const AlertLook look = after_look(rule, {value, "v1"}, kNow + kMinute * minute);
    rule.state = look.state;
    if (look.change == AlertChange::none) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", minute,
                        look.change == AlertChange::fired ? "fired" : "cleared");
  }
  return text;
}

void check(const AlertRule& rule, const std::vector<Look>& looks, const std::string& expected) {
  EXPECT_EQ(changes_of(rule, looks), expected);
}

TEST(AlertStep, FiresOnceAndClearsAfterAWholeGoodWindow) {
  const AlertRule rule = below(0.8, 0.9);
  check(rule, {{0, 0.8}, {1, 0.85}}, "");
  check(rule, {{0, 0.79}, {1, 0.5}, {2, 0.1}}, "0 fired");
  check(rule, {{0, 0.7}, {1, 0.95}, {10, 0.95}, {11, 0.95}, {12, 0.95}}, "0 fired, 11 cleared");
  check(rule, {{0, 0.7}, {1, 0.85}, {60, 0.89}}, "0 fired");  // better, yet not clear
  check(rule, {{0, 0.7}, {1, 0.9}, {5, 0.89}, {6, 0.9}, {12, 0.9}, {16, 0.9}},
        "0 fired, 16 cleared");
  check(rule, {{0, 0.7}, {1, 0.95}, {5, 0.7}, {11, 0.95}, {20, 0.95}, {21, 0.95}},
        "0 fired, 21 cleared");
  check(rule, {{0, 0.7}, {1, 1}, {11, 1}, {12, 0.7}, {13, 0.7}}, "0 fired, 11 cleared, 12 fired");
}

TEST(AlertStep, WorksFromAboveToo) {
  const AlertRule rule = above(kErrorRate, 0.1, 0.05);
  check(rule, {{0, 0.1}, {1, 0.11}, {2, 0.07}, {3, 0.05}, {13, 0.01}}, "1 fired, 13 cleared");
}

TEST(AlertStep, NeitherFiresNorClearsWithoutAValue) {
  const AlertRule rule = below(0.8, 0.8);
  check(rule, {{0, std::nullopt}}, "");
  check(rule, {{0, 0.7}, {20, std::nullopt}}, "0 fired");
  check(rule, {{0, 0.7}, {1, 0.9}, {5, std::nullopt}, {11, 0.9}, {21, 0.9}}, "0 fired, 21 cleared");
}

TEST(AlertStep, WaitsAnewWhenTheClockIsSetBack) {
  const AlertRule rule = below(0.8, 0.8);
  check(rule, {{100, 0.7}, {101, 0.9}, {5, 0.9}, {14, 0.9}, {15, 0.9}}, "100 fired, 15 cleared");
  check(rule, {{100, 0.7}, {5, 0.7}, {6, 0.7}}, "100 fired");
}

TEST(AlertStep, RemembersWhatItSaw) {
  AlertRule rule = below(0.8, 0.8);
  rule.state = after_look(rule, {0.7, "v7"}, kNow).state;
  EXPECT_EQ(rule.state.phase, AlertPhase::firing);
  EXPECT_EQ(rule.state.firings, 1u);
  EXPECT_EQ(rule.state.value, 0.7);
  EXPECT_EQ(rule.state.model_version_id, "v7");
  EXPECT_EQ(rule.state.fired_at, kNow);
  EXPECT_EQ(after_look(rule, {0.6, "v8"}, kNow + kMinute).state, rule.state);
}

Metric metric(const std::string& version, double value, int minutes_ago,
              Period period = Period::one_time) {
  Metric made;
  made.model_version_id = version;
  made.type = "accuracy";
  made.value = value;
  made.period = period;
  made.measured_at = kNow - kMinute * minutes_ago;
  return made;
}

/// "0.7 of v2", or "-".
void check_value(const AlertRule& rule, const std::vector<Metric>& metrics,
                 const std::string& expected) {
  const AlertValue value = value_of_metrics(rule, metrics, kNow);
  EXPECT_EQ(value.value ? fmt::format("{} of {}", *value.value, value.model_version_id) : "-",
            expected);
}

TEST(AlertStep, LooksAtTheWorstNewestValue) {
  const AlertRule low = below(0.8, 0.8);
  check_value(low, {}, "-");
  check_value(low, {metric("v1", 0.9, 3), metric("v1", 0.7, 5), metric("v2", 0.8, 1)}, "0.8 of v2");
  check_value(low, {metric("v1", 0.1, 11), metric("v2", 0.8, 10)}, "0.8 of v2");
  check_value(above("accuracy", 0.8, 0.8), {metric("v1", 0.9, 3), metric("v2", 0.8, 1)},
              "0.9 of v1");
  check_value(low,
              {metric("v1", 0.9, 1, Period::monthly), metric("v1", 0.6, 1, Period::daily),
               metric("v1", 0.7, 1, Period::weekly)},
              "0.6 of v1");
}

TEST(AlertStep, AsksForEachLiveFigureOnce) {
  std::vector<AlertRule> rules{above(kErrorRate, 0.1, 0.1), above(kLatencyP95, 900, 900),
                               below(0.5, 0.5), above(kErrorRate, 0.2, 0.2)};
  rules[3].window = kMinute * 5;
  const auto wanted = figures_wanted(rules);
  ASSERT_EQ(wanted.size(), 2u);
  EXPECT_EQ(wanted[0].window, kMinute * 5);
  EXPECT_EQ(wanted[1].window, kMinute * 10);
}

TEST(AlertStep, TicksOverDocumentsAndFigures) {
  const std::vector<AlertInput> inputs{
      {above(kErrorRate, 0.1, 0.1), {}},
      {above(kLatencyP95, 900, 900), {}},
      {below(0.8, 0.8), {metric("v1", 0.7, 1)}},
      {below(0.6, 0.6), {metric("v1", 0.7, 1)}},
  };
  const std::vector<LiveFigure> figures{{"other", kMinute * 10, 9, 1, 9999},
                                        {"assistant", kMinute * 5, 9, 1, 9999},
                                        {"assistant", kMinute * 10, 50, 0.2, 900}};
  std::string fired;
  for (const AlertStep& step : tick_alerts(inputs, figures, kNow)) {
    fired += fmt::format("{} {} {}; ", event_name(step.change), step.rule.metric_type,
                         *step.rule.state.value);
  }
  EXPECT_EQ(fired, "alert.fired error_rate 0.2; alert.fired accuracy 0.7; ");
  // Without requests there is nothing to say.
  const std::vector<LiveFigure> idle{{"assistant", kMinute * 10, 0, 1, 9999}};
  EXPECT_TRUE(tick_alerts(std::span(inputs).first(2), idle, kNow).empty());
  EXPECT_TRUE(tick_alerts(std::span(inputs).first(2), {}, kNow).empty());
}

}  // namespace
}  // namespace tallygate::registry
