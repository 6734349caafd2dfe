#include "gateway/registry/predictions/prediction_confusion.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace tallygate::registry {
namespace {

using Counts = std::vector<std::tuple<std::string, std::string, int>>;

Confusion confusion_of(const Counts& counts) {
  Confusion confusion;
  for (const auto& [predicted, actual, number] : counts) {
    for (int i = 0; i < number; ++i) EXPECT_TRUE(count(confusion, predicted, actual).has_value());
  }
  return confusion;
}

std::string text_of(const Confusion& confusion) {
  std::string text;
  for (const Score& score : scores_of(confusion)) {
    text += text.empty() ? "" : " ";
    text += score.value ? fmt::format("{:.4f}", *score.value) : "-";
  }
  return text;
}

// accuracy precision recall f1_score false_positive_rate false_negative_rate
void check(const Counts& counts, const std::string& expected) {
  EXPECT_EQ(text_of(confusion_of(counts)), expected);
}

TEST(PredictionConfusion, ScoresYesAndNo) {
  check({}, "- - - - - -");
  // By hand: TP 40, FP 10, FN 20, TN 30.
  check(
      {{"true", "true", 40}, {"true", "false", 10}, {"false", "true", 20}, {"false", "false", 30}},
      "0.7000 0.8000 0.6667 0.7273 0.2500 0.3333");
  check({{"true", "true", 5}}, "1.0000 1.0000 1.0000 1.0000 - 0.0000");
  check({{"false", "false", 5}}, "1.0000 - - - 0.0000 -");
  check({{"true", "false", 2}}, "0.0000 0.0000 - 0.0000 1.0000 -");
  check({{"false", "true", 2}}, "0.0000 - 0.0000 0.0000 - 1.0000");
}

TEST(PredictionConfusion, AveragesOverLabels) {
  // cat: P 2/3 R 2/2; dog: P 1/2 R 1/3; emu: never came true, predicted once wrongly... by hand.
  // Predicted/actual: cat/cat 2, cat/dog 1, dog/dog 1, dog/fox 1, emu/dog 1. n = 6.
  // cat TP2 FP1 FN0 TN3; dog TP1 FP1 FN2 TN2; emu TP0 FP1 FN0 TN5; fox TP0 FP0 FN1 TN5.
  // P: 2/3, 1/2, 0, - -> 0.3889. R: 1, 1/3, -, 0 -> 0.4444. F1: 4/5, 2/5, 0, 0 -> 0.3.
  // FPR: 1/4, 1/3, 1/6, 0 -> 0.1875. FNR: 0, 2/3, -, 1 -> 0.5556. Accuracy 3/6.
  check({{"cat", "cat", 2},
         {"cat", "dog", 1},
         {"dog", "dog", 1},
         {"dog", "fox", 1},
         {"emu", "dog", 1}},
        "0.5000 0.3889 0.4444 0.3000 0.1875 0.5556");
  // One label that is no yes/no: nothing to be wrong about.
  check({{"cat", "cat", 3}}, "1.0000 1.0000 1.0000 1.0000 - 0.0000");
}

TEST(PredictionConfusion, HoldsABoundedNumberOfLabels) {
  Confusion confusion;
  for (std::size_t i = 0; i < kMaxLabels; ++i) {
    const std::string label = "l" + std::to_string(i);
    ASSERT_TRUE(count(confusion, label, label).has_value());
  }
  EXPECT_TRUE(count(confusion, "l0", "l1").has_value());
  const Confusion before = confusion;
  const auto refused = count(confusion, "l0", "one more");
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, Errc::rule_broken);
  EXPECT_EQ(confusion, before);
}

TEST(PredictionConfusion, NeverTakesBackWhatItDidNotCount) {
  Confusion confusion = confusion_of({{"true", "false", 1}});
  EXPECT_EQ(uncount(confusion, "true", "true").error().code, Errc::storage_corrupt);
  EXPECT_TRUE(uncount(confusion, "true", "false").has_value());
  EXPECT_EQ(uncount(confusion, "true", "false").error().code, Errc::storage_corrupt);
  EXPECT_EQ(confusion, Confusion{});
}

TEST(PredictionConfusion, IsTheSameAfterAnyCorrection) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 dice(seed);
  const std::array<std::string, 4> labels{"true", "false", "b", "c"};
  const auto pick = [&] { return labels[dice() % labels.size()]; };
  Confusion corrected;
  Confusion fresh;
  for (int i = 0; i < 500; ++i) {
    const std::string predicted = pick();
    std::string actual = pick();
    ASSERT_TRUE(count(corrected, predicted, actual).has_value());
    while (dice() % 3 == 0) {
      ASSERT_TRUE(uncount(corrected, predicted, actual).has_value());
      actual = pick();
      ASSERT_TRUE(count(corrected, predicted, actual).has_value());
    }
    ASSERT_TRUE(count(fresh, predicted, actual).has_value());
  }
  EXPECT_EQ(corrected, fresh);
  EXPECT_EQ(corrected.total(), 500u);
}

}  // namespace
}  // namespace tallygate::registry
