#include "router/statistics/sentence.h"

#include <gtest/gtest.h>

namespace tallygate::router {
namespace {

struct Given {
  std::string_view metric = kLatency;
  std::optional<Estimate> absolute = Estimate{-24, -32, -16};
  std::optional<Estimate> relative = Estimate{-.12, -.16, -.08};
  Verdict verdict = Verdict::win;
  std::optional<std::uint64_t> samples = 0;
  Threshold threshold{};
};

void check(const Given& given, const std::string& expected) {
  Comparison comparison;
  comparison.metric = given.metric;
  comparison.arm = "b";
  comparison.control = "a";
  comparison.absolute = given.absolute;
  comparison.relative = given.relative;
  comparison.verdict = given.verdict;
  comparison.samples_expected = given.samples;
  EXPECT_EQ(sentence_of(comparison, given.threshold, .05), expected);
}

TEST(Sentence, NamesTheWinnerOfEachMetric) {
  const auto for_metric = [](std::string_view metric, const std::string& expected) {
    check({metric}, expected + " (between 8 % and 16 %); this is settled at 95 %.");
  };
  for_metric(kLatency, "b answers 12 % faster than a");
  for_metric(kFirstToken, "b starts to answer 12 % sooner than a");
  for_metric(kErrorRate, "b fails 12 % less often than a");
  for_metric(kCost, "b costs 12 % less than a");
  for_metric(kTokens, "b writes 12 % fewer tokens than a");
  check({"rating", Estimate{.5, .3, .7}, Estimate{.12, .08, .16}},
        "b scores 12 % higher than a in rating (between 8 % and 16 %); this is settled at 95 %.");
}

TEST(Sentence, SaysWhatWasAskedForAndReached) {
  check({.threshold = {.05, {}}},
        "b answers 12 % faster than a (between 8 % and 16 %), at least the 5 % that was asked "
        "for; this is settled at 95 %.");
  check({.threshold = {{}, 10}},
        "b answers 12 % faster than a (between 8 % and 16 %), at least the 10 ms that was asked "
        "for; this is settled at 95 %.");
  check({.relative = Estimate{.01, -.01, .03}, .threshold = {-.05, {}}},
        "b answers 1 % slower than a (between 3 % slower and 1 % faster), no worse than is "
        "allowed; this is settled at 95 %.");
}

TEST(Sentence, SaysThatAnArmLoses) {
  check({.relative = Estimate{.12, .08, .16}, .verdict = Verdict::lose},
        "b answers 12 % slower than a (between 8 % and 16 %); this is settled at 95 %.");
  check({kErrorRate, Estimate{.02, .01, .03}, std::nullopt, Verdict::lose},
        "b fails 2 percentage points more often than a (between 1 percentage point and 3 "
        "percentage points); this is settled at 95 %.");
}

TEST(Sentence, SaysThatATargetIsOutOfReach) {
  check({.relative = Estimate{-.01, -.03, .01}, .verdict = Verdict::futile, .threshold = {.05, {}}},
        "The 5 % that was asked for is out of reach: b answers between 1 % slower and 3 % faster "
        "than a; this is settled at 95 %.");
}

TEST(Sentence, SaysWhatIsOpenAndForHowLong) {
  const Estimate open{-.03, -.08, .02};
  check({.relative = open, .verdict = Verdict::undecided, .samples = 12'000},
        "It is open whether b answers faster than a: so far 3 % faster, and anything between 2 % "
        "slower and 8 % faster fits the data. About 12,000 more requests per arm should settle "
        "it.");
  check({.relative = open, .verdict = Verdict::undecided, .samples = {}, .threshold = {.05, {}}},
        "It is open whether b answers at least 5 % faster than a: so far 3 % faster, and anything "
        "between 2 % slower and 8 % faster fits the data. How many more requests it takes cannot "
        "be said yet.");
  check({.relative = open, .verdict = Verdict::undecided},
        "It is open whether b answers faster than a: so far 3 % faster, and anything between 2 % "
        "slower and 8 % faster fits the data. It should be settled soon.");
}

TEST(Sentence, SaysThatTooLittleIsKnown) {
  check({kLatency, std::nullopt, std::nullopt, Verdict::undecided},
        "Too little is known to compare b with a in latency: both need measurements of at least "
        "16 groups of users that differ.");
}

TEST(PercentText, KeepsTwoDigits) {
  EXPECT_EQ(percent_text(.12), "12 %");
  EXPECT_EQ(percent_text(.1234), "12 %");
  EXPECT_EQ(percent_text(.0129), "1.3 %");
  EXPECT_EQ(percent_text(.00025), "0.025 %");
  EXPECT_EQ(percent_text(0), "0 %");
  EXPECT_EQ(percent_text(-.5), "-50 %");
  EXPECT_EQ(percent_text(123.4), "12340 %");
}

TEST(CountText, SeparatesThousands) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(1234567), "1,234,567");
}

}  // namespace
}  // namespace tallygate::router
