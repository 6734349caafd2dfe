#include "gateway/api/failed_logins.h"

#include <gtest/gtest.h>

namespace tallygate::api {
namespace {

using boost::asio::ip::make_address;
using std::chrono::seconds;

constexpr SteadyTime kNow{std::chrono::hours{1}};

TEST(FailedLogins, LetTenFailAndThenOnePerTenSeconds) {
  FailedLogins logins;
  const auto peer = make_address("192.0.2.1");
  for (int i = 0; i < FailedLogins::kBurst; ++i) {
    EXPECT_EQ(logins.wait_of(peer, kNow), seconds(0)) << i;
    logins.after_failure(peer, kNow);
  }
  EXPECT_EQ(logins.wait_of(peer, kNow), seconds(10));
  EXPECT_EQ(logins.wait_of(peer, kNow + std::chrono::milliseconds(9'500)), seconds(1));
  EXPECT_EQ(logins.wait_of(peer, kNow + seconds(10)), seconds(0));
  logins.after_failure(peer, kNow + seconds(10));
  EXPECT_EQ(logins.wait_of(peer, kNow + seconds(10)), seconds(10));
  EXPECT_EQ(logins.wait_of(peer, kNow + seconds(1000)), seconds(0));
}

void fail_often(FailedLogins& logins, const char* peer) {
  for (int i = 0; i < 20; ++i) logins.after_failure(make_address(peer), kNow);
}

TEST(FailedLogins, KnowTheTokensThatWereRight) {
  FailedLogins logins;
  EXPECT_FALSE(logins.was_right("Bearer a"));
  logins.after_success("Bearer a");
  EXPECT_TRUE(logins.was_right("Bearer a"));
  EXPECT_FALSE(logins.was_right("Bearer b"));
  logins.forget("Bearer a");
  EXPECT_FALSE(logins.was_right("Bearer a"));
}

TEST(FailedLogins, KeepPeersApart) {
  FailedLogins logins;
  fail_often(logins, "192.0.2.1");
  fail_often(logins, "2001:db8:1:1::1");
  const auto waits = [&](const char* peer) {
    return logins.wait_of(make_address(peer), kNow) > seconds(0);
  };
  EXPECT_TRUE(waits("192.0.2.1"));
  EXPECT_TRUE(waits("::ffff:192.0.2.1"));
  EXPECT_FALSE(waits("192.0.2.2"));
  EXPECT_FALSE(waits("::ffff:192.0.2.2"));
  EXPECT_TRUE(waits("2001:db8:1:1:9:9:9:9"));  // the /64 is one host
  EXPECT_FALSE(waits("2001:db8:1:2::1"));
}

TEST(FailedLogins, RememberOnlySoManyPeers) {
  FailedLogins logins;
  fail_often(logins, "192.0.2.1");
  for (unsigned i = 0; i < 5000; ++i) {
    logins.after_failure(boost::asio::ip::address_v4(0x0A000000 + i), kNow);
    ASSERT_LE(logins.peers(), FailedLogins::kMostPeers);
  }
  // Whoever failed most is remembered longest.
  EXPECT_GT(logins.wait_of(make_address("192.0.2.1"), kNow), seconds(0));
}

TEST(FailedLogins, TellTheLogNowAndThen) {
  FailedLogins logins;
  const auto peer = make_address("192.0.2.1");
  EXPECT_EQ(logins.after_failure(peer, kNow), 1u);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(logins.after_failure(peer, kNow), std::nullopt);
  EXPECT_EQ(logins.after_failure(peer, kNow + FailedLogins::kQuiet), 8u);
}

}  // namespace
}  // namespace tallygate::api
