#include "gateway/registry/metrics/custom_metric.h"

#include <gtest/gtest.h>

#include "tests/gateway/registry/experiments/ab_test_kit.h"
#include "tests/support/memory_catalog.h"

namespace tallygate::registry {
namespace {

CustomMetric some_metric() {
  CustomMetric metric;
  metric.test = test_id(1);
  metric.name = "rating";
  return metric;
}

double total(const CustomMetric::Sums& sums, double router::SubBucket::*member) {
  double sum = 0;
  for (const router::SubBucket& group : sums.evidence.groups) sum += group.*member;
  return sum;
}

TEST(CustomMetric, KeepsRunningSumsPerEpochArmAndGroup) {
  CustomMetric metric = some_metric();
  add_value(metric, 1, 1, 10, 4);
  add_value(metric, 1, 1, 11, 5);
  add_value(metric, 1, 0, 10, 1);
  add_value(metric, 2, 1, 10, 2);
  ASSERT_EQ(metric.sums.size(), 3U);
  const CustomMetric::Sums& first = metric.sums[0];
  EXPECT_EQ(first.arm, 1);
  EXPECT_EQ(total(first, &router::SubBucket::count), 2);
  EXPECT_EQ(total(first, &router::SubBucket::sum), 9);
  EXPECT_EQ(first.evidence.square_sum, 41);
  EXPECT_EQ(metric.sums.back().epoch, 2U);
}

TEST(CustomMetric, PutsAUnitIntoOneGroupAndSpreadsUnitsOverAll) {
  CustomMetric metric = some_metric();
  for (int i = 0; i < 50; ++i) add_value(metric, 1, 0, 77, 1);
  int used = 0;
  for (const auto& group : metric.sums[0].evidence.groups) used += group.count > 0 ? 1 : 0;
  EXPECT_EQ(used, 1);
  for (std::uint64_t unit = 0; unit < 2000; ++unit) add_value(metric, 1, 1, unit, 1);
  for (const auto& group : metric.sums[1].evidence.groups) {
    EXPECT_GT(group.count, 5);
    EXPECT_LT(group.count, 80);
  }
}

TEST(CustomMetric, ForgetsTheOldestEpochs) {
  CustomMetric metric = some_metric();
  for (std::uint32_t epoch = 1; epoch <= kMaxMetricEpochs + 3; ++epoch) {
    add_value(metric, epoch, 0, 1, 1);
    add_value(metric, epoch, 1, 1, 1);
  }
  EXPECT_EQ(metric.sums.size(), 2 * kMaxMetricEpochs);
  EXPECT_EQ(metric.sums.front().epoch, 4U);
}

TEST(CustomMetric, ReadsBackWhatItStores) {
  testing::MemoryCatalog catalog;
  CustomMetric metric = some_metric();
  for (std::uint64_t unit = 0; unit < 100; ++unit) {
    add_value(metric, 1 + unit % 2, static_cast<std::uint8_t>(unit % 3), unit,
              0.25 * static_cast<double>(unit));
  }
  CustomMetric other = some_metric();
  other.test = test_id(2);
  store::Transaction transaction;
  transaction.writes = {write_of(metric), write_of(other)};
  ASSERT_TRUE(catalog.transact(transaction));
  const auto read = custom_metrics(catalog, test_id(1)).value();
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].name, "rating");
  EXPECT_EQ(read[0].revision, 1U);
  EXPECT_TRUE(read[0].sums == metric.sums);
}

TEST(CustomMetric, RefusesACorruptDocument) {
  store::Document document{.kind = "ab_test_metric", .id = "x"};
  for (const char* body : {"", "{}", R"({"test":"x","name":"r","sums":[]})",
                           R"({"test":"019aa4a5-3c30-7000-8000-0000000000ff","name":"r",
            "sums":[{"epoch":1,"arm":0,"square_sum":0,"counts":[1],"sums":[1]}]})"}) {
    document.body = body;
    const auto metric = custom_metric_of(document);
    ASSERT_TRUE(metric.has_error()) << body;
    EXPECT_EQ(metric.error().code, Errc::storage_corrupt);
  }
}

TEST(CustomMetric, HasAPlainNameOfItsOwn) {
  const auto check = [](std::string_view name, bool expected) {
    EXPECT_EQ(is_custom_metric_name(name), expected) << name;
  };
  check("rating", true);
  check("task.done-2", true);
  check("", false);
  check("a b", false);
  check("a/b", false);
  check("latency", false);
  check("error_rate", false);
  check(std::string(64, 'x'), true);
  check(std::string(65, 'x'), false);
}

}  // namespace
}  // namespace tallygate::registry
