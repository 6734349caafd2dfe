#include "router/selection/continuity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>

namespace tallygate::router {
namespace {

constexpr Served kFirst{1, 10};
constexpr Served kSecond{2, 20};

TEST(Continuity, RemembersWhatServedAUnitLast) {
  Continuity continuity(8);
  EXPECT_EQ(continuity.find(7), Served{});
  continuity.remember(7, kFirst);
  continuity.remember(8, kSecond);
  EXPECT_EQ(continuity.find(7), kFirst);
  continuity.remember(7, kSecond);
  EXPECT_EQ(continuity.find(7), kSecond);
  EXPECT_EQ(continuity.find(9), Served{});
  EXPECT_EQ(continuity.size(), 2U);
}

TEST(Continuity, ForgetsTheOldestWhenItIsFull) {
  Continuity continuity(3);
  for (const std::uint64_t unit : {1U, 2U, 3U, 1U, 4U}) continuity.remember(unit, kFirst);
  EXPECT_EQ(continuity.find(2), Served{}) << "1 came again, so 2 is the oldest";
  for (const std::uint64_t unit : {1U, 3U, 4U}) EXPECT_EQ(continuity.find(unit), kFirst) << unit;
  EXPECT_EQ(continuity.size(), 3U);
}

TEST(Continuity, HasRoomForOne) {
  Continuity continuity(1);
  continuity.remember(1, kFirst);
  continuity.remember(1, kSecond);
  EXPECT_EQ(continuity.find(1), kSecond);
  continuity.remember(2, kFirst);
  EXPECT_EQ(continuity.find(1), Served{});
  EXPECT_EQ(continuity.find(2), kFirst);
}

/// A list that is searched from end to end: slow and plain.
struct Model {
  std::size_t capacity;
  std::deque<std::pair<std::uint64_t, Served>> newest_first;

  void remember(std::uint64_t unit, Served served) {
    const auto is_unit = [unit](const auto& entry) { return entry.first == unit; };
    std::erase_if(newest_first, is_unit);
    newest_first.emplace_front(unit, served);
    if (newest_first.size() > capacity) newest_first.pop_back();
  }
  Served find(std::uint64_t unit) const {
    for (const auto& [known, served] : newest_first) {
      if (known == unit) return served;
    }
    return {};
  }
};

TEST(Continuity, AgreesWithAPlainList) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 dice(seed);
  for (const std::uint32_t capacity : {1U, 2U, 3U, 7U, 32U}) {
    Continuity continuity(capacity);
    Model model{capacity, {}};
    for (int i = 0; i < 2000; ++i) {
      const std::uint64_t unit = dice() % (2 * capacity + 1);
      const Served served{static_cast<NameId>(dice() % 5 + 1), static_cast<NameId>(i + 1)};
      continuity.remember(unit, served);
      model.remember(unit, served);
      const std::uint64_t other = dice() % (2 * capacity + 1);
      ASSERT_EQ(continuity.find(other), model.find(other)) << "step " << i << " of " << capacity;
      ASSERT_EQ(continuity.size(), model.newest_first.size());
    }
  }
}

}  // namespace
}  // namespace tallygate::router
