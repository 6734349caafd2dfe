#include "gateway/access/refusals.h"

#include <gtest/gtest.h>

namespace tallygate::access {
namespace {

constexpr SteadyTime kStart{std::chrono::hours{100}};

TEST(Refusals, AreToldSoManyTimesAMinute) {
  Refusals refusals(1);
  for (std::uint64_t i = 0; i < Refusals::kLimit.per_minute; ++i) {
    EXPECT_TRUE(refusals.count("address", kStart).allowed) << i;
  }
  const auto refused = refusals.count("address", kStart);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after, std::chrono::seconds{2});
  EXPECT_TRUE(refusals.count("address", kStart + std::chrono::seconds{2}).allowed);
}

TEST(Refusals, OfOneAddressAreNotAnothers) {
  Refusals refusals(1);
  for (int i = 0; i < 100; ++i) static_cast<void>(refusals.count("a", kStart));
  int told = 0;
  for (int i = 0; i < 100; ++i) {
    told += refusals.count("b" + std::to_string(i), kStart).allowed ? 1 : 0;
  }
  EXPECT_GE(told, 99) << "at most the one that meets `a` in its bucket";
}

}  // namespace
}  // namespace tallygate::access
