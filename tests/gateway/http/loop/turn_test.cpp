#include "gateway/http/loop/turn.h"

#include <gtest/gtest.h>

namespace tallygate::http {
namespace {

constexpr SteadyTime kNow = SteadyTime{} + std::chrono::hours{1};

TEST(TurnShare, IsUsedUpOncePerTurn) {
  TurnShare share(100);
  const SteadyTime next = kNow + std::chrono::microseconds{1};
  EXPECT_FALSE(share.take(kNow, 60));
  EXPECT_FALSE(share.take(kNow, 39));
  EXPECT_TRUE(share.take(kNow, 1));
  EXPECT_TRUE(share.take(kNow, 0)) << "until the turn ends";
  EXPECT_FALSE(share.take(next, 99));
  EXPECT_TRUE(share.take(next, 1000));
}

Task<void> take_turns(EventLoop& loop, Parking& parking, int& turns) {
  for (turns = 1; turns < 3; ++turns) co_await next_turn(loop, parking);
}

TEST(NextTurn, ComesAtOnceAndNotWithinTheSameTurn) {
  EventLoop loop;
  loop.now.steady = kNow;
  Parking parking;
  int turns = 0;
  spawn(take_turns(loop, parking, turns));
  loop.sleepers.tick(loop.now.steady);
  EXPECT_EQ(turns, 1);
  for (const int expected : {2, 3}) {
    loop.reactor.wait(std::chrono::hours{1});  // ends, for there is work
    loop.now.steady += std::chrono::nanoseconds{100};
    loop.reactor.dispatch();
    loop.sleepers.tick(loop.now.steady);
    EXPECT_EQ(turns, expected);
  }
  EXPECT_TRUE(loop.sleepers.empty());
}

TEST(NextTurn, LeavesNothingBehindWhenSomethingElseWakesIt) {
  EventLoop loop;
  loop.now.steady = kNow;
  Parking parking;
  int turns = 0;
  spawn(take_turns(loop, parking, turns));
  parking.wake();
  parking.wake();
  EXPECT_EQ(turns, 3);
  EXPECT_TRUE(loop.sleepers.empty());
}

}  // namespace
}  // namespace tallygate::http
