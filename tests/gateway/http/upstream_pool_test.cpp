#include "gateway/http/upstream_pool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/loopback.h"

namespace tallygate::http {
namespace {

using std::chrono::milliseconds;
using testing::Listener;
using testing::Peer;

constexpr SteadyTime kNow = SteadyTime{} + std::chrono::hours{1};
constexpr milliseconds kIdle{4000};

/// A pool with connections whose far ends the test plays by hand.
class UpstreamPoolTest : public ::testing::Test {
 protected:
  UpstreamPtr connect() {
    peers.push_back(Peer::connect(listener.port()));
    auto connection = std::make_unique<UpstreamConnection>(
        reactor, listener.accept().release_non_blocking(), open, pool.open_here());
    // The first edge tells that it can be written to.
    while (!connection->stream.can_write()) turn();
    return connection;
  }
  /// Adds an idle connection and returns its descriptor.
  int put(SteadyTime at = kNow) {
    UpstreamPtr connection = connect();
    const int fd = connection->stream.fd();
    pool.put_idle(std::move(connection), at);
    return fd;
  }
  /// The descriptor of the next idle connection, -1 if there is none. It is kept open.
  int take(SteadyTime at = kNow) {
    UpstreamPtr connection = pool.take_idle(at, kIdle);
    if (connection == nullptr) return -1;
    EXPECT_TRUE(connection->reused);
    taken.push_back(std::move(connection));
    return taken.back()->stream.fd();
  }
  void turn() {
    reactor.wait(milliseconds{testing::kPatienceMillis});
    reactor.dispatch();
  }

  Reactor reactor;
  Listener listener;
  std::vector<Peer> peers;
  std::atomic<std::uint32_t> open{0};
  std::vector<UpstreamPtr> taken;
  std::shared_ptr<const UpstreamTarget> target = [] {
    auto made = std::make_shared<UpstreamTarget>();
    made->max_connections = 2;
    return made;
  }();
  UpstreamPool pool{target, open};
};

using UpstreamPoolOf = UpstreamPoolTest;

TEST_F(UpstreamPoolOf, OneTargetIsEmptyAtFirst) { EXPECT_EQ(take(), -1); }

TEST_F(UpstreamPoolOf, OneTargetGivesTheFreshestFirst) {
  const int first = put();
  const int second = put();
  EXPECT_EQ(pool.idle_count(), 2U);
  EXPECT_EQ(take(), second);
  EXPECT_EQ(take(), first);
  EXPECT_EQ(take(), -1);
}

TEST_F(UpstreamPoolOf, OneTargetNeverGivesWhatHasIdledTooLong) {
  put();
  const int late = put(kNow + milliseconds{1});
  EXPECT_EQ(take(kNow + kIdle), late);
  EXPECT_EQ(take(kNow + kIdle), -1);
  EXPECT_EQ(peers[0].read_to_end(), "") << "it was closed";
}

TEST_F(UpstreamPoolOf, OneTargetNeverGivesWhatTheTargetHasClosed) {
  const int good = put();
  put();
  put();
  peers[1].close();
  peers[2].reset();
  turn();
  EXPECT_EQ(take(), good);
  EXPECT_EQ(take(), -1);
}

TEST_F(UpstreamPoolOf, OneTargetNeverGivesWhatHasSpokenUnasked) {
  put();
  peers[0].send("HTTP/1.1 200 OK\r\n\r\n");
  turn();
  EXPECT_EQ(take(), -1);
  EXPECT_EQ(pool.open_here(), 0U);
}

TEST_F(UpstreamPoolOf, OneTargetIsSweptOfTheDead) {
  const int good = put(kNow + milliseconds{10});
  put();
  put(kNow + milliseconds{10});
  peers[2].close();
  turn();
  pool.sweep(kNow + kIdle, kIdle);
  EXPECT_EQ(pool.idle_count(), 1U);
  EXPECT_EQ(take(kNow + kIdle), good);
  put();
  pool.sweep(kNow, milliseconds{0});
  EXPECT_EQ(pool.idle_count(), 0U);
}

TEST_F(UpstreamPoolOf, OneTargetKeepsNoConnectionToAnAddressThatItsNameHasLeft) {
  const auto at = [](const char* ip) {
    return boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address(ip), 80);
  };
  const auto is_known_as = [&](const char* ip) {
    target->addresses.store(std::make_shared<const Addresses>(1, at(ip)));
  };
  is_known_as("127.0.0.1");
  UpstreamPtr idle = connect();
  UpstreamPtr busy = connect();
  idle->address = busy->address = at("127.0.0.1");
  pool.put_idle(std::move(idle), kNow);
  pool.sweep(kNow, kIdle);
  EXPECT_EQ(pool.idle_count(), 1U);
  is_known_as("127.0.0.2");
  pool.sweep(kNow, kIdle);
  EXPECT_EQ(pool.idle_count(), 0U);
  pool.put_idle(std::move(busy), kNow);
  EXPECT_EQ(pool.idle_count(), 0U);
}

TEST_F(UpstreamPoolOf, OneTargetCountsItsConnections) {
  EXPECT_TRUE(pool.may_open_another());
  UpstreamPtr one = connect();
  EXPECT_TRUE(pool.may_open_another());
  put();
  EXPECT_EQ(pool.open_here(), 2U);
  EXPECT_FALSE(pool.may_open_another());
  one.reset();
  EXPECT_TRUE(pool.may_open_another());
}

/// Waits once for a connection; notes its number when woken.
Task<void> wait_in(UpstreamPool& pool, Parking& parking, int number, std::string& order) {
  pool.add_waiter(parking);
  co_await parking.park();
  pool.remove_waiter(parking);
  order += std::to_string(number);
}

TEST_F(UpstreamPoolOf, OneTargetWakesThoseWhoWaitInTurn) {
  Parking parkings[3];
  std::string order;
  for (int i = 0; i < 3; ++i) {
    spawn(wait_in(pool, parkings[i], i, order));
  }
  put();
  EXPECT_EQ(order, "0") << "one for each release";
  parkings[1].wake();  // left, or out of time
  EXPECT_EQ(order, "01");
  pool.wake_one_waiter();
  EXPECT_EQ(order, "012");
  pool.wake_one_waiter();
  EXPECT_EQ(order, "012");
}

}  // namespace
}  // namespace tallygate::http
