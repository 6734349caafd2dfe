#include "gateway/admin/admin_server.h"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <thread>

#include "gateway/worker_clock.h"
#include "tests/support/http_text.h"

namespace tallygate {
namespace {

using testing::Message;
using testing::Peer;

constexpr WallTime kStart{std::chrono::microseconds{100}};

/// What the listener answers by path; HTTP is the server's own.
api::AdminResponse answer(const api::AdminRequest& request) {
  api::AdminResponse response;
  response.body = R"({"data":")" + std::string(5000, 'x') + "\"}\n";
  if (request.head.path == "/small") response.body = "{}\n";
  if (request.head.path == "/echo") response.body = std::string(request.body);
  if (request.head.path == "/split") response.headers.emplace_back("X-Name", "a\r\nX-Evil: 1");
  if (request.head.path == "/login") response.status = 401;
  if (request.head.path == "/vary") response.headers.emplace_back("Vary", "Accept");
  if (request.head.path == "/zipped") response.headers.emplace_back("Content-Encoding", "br");
  if (request.head.path == "/-/events") {
    response.content_type = "text/event-stream";
    response.body.clear();
  }
  return response;
}

class AdminServerTest : public ::testing::Test {
 protected:
  ~AdminServerTest() override { stop(); }

  void start(EventFeed* events, std::chrono::milliseconds heartbeat = std::chrono::seconds(15),
             const AdminLimits& limits = {}) {
    AdminOptions options;
    options.now = read_clocks;
    options.limits = [limits] { return limits; };
    options.admits = [](const http::RequestHead& head) {
      return head.authorization == "Bearer right";
    };
    options.events = events;
    options.heartbeat = heartbeat;
    // The port is the kernel's; the server takes over a descriptor of the test's listener.
    server_ = std::make_unique<AdminServer>(io_, pool_, ::fcntl(listener_.fd(), F_DUPFD_CLOEXEC, 0),
                                            answer, options);
    server_->start();
    thread_ = std::thread([this] { io_.run(); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] { server_->stop(); });
    guard_.reset();
    thread_.join();
    pool_.join();
  }
  /// What has been asked for is on its way.
  Peer ask(std::string_view path, std::string_view fields = {}, std::string_view method = "GET",
           std::string_view version = "HTTP/1.1") {
    Peer peer = Peer::connect(listener_.port());
    peer.send(std::string(method) + " " + std::string(path) + " " + std::string(version) +
              "\r\nHost: gate\r\n" + std::string(fields) + "\r\n");
    return peer;
  }
  Message read_answer(std::string_view path, std::string_view fields = {}) {
    Peer peer = ask(path, std::string(fields) + "Connection: close\r\n");
    return testing::read_message(peer);
  }
  /// Events can be published once the stream's place is taken.
  Peer listen(std::string_view fields = {}) {
    Peer peer = ask("/-/events", fields);
    peer.read_until("\r\n\r\n");
    testing::read_chunk(peer);
    return peer;
  }

  EventFeed feed_{kStart};  // outlives the loop
  testing::Listener listener_;
  asio::io_context io_{1};
  asio::executor_work_guard<Executor> guard_{io_.get_executor()};
  asio::thread_pool pool_{1};
  std::unique_ptr<AdminServer> server_;
  std::thread thread_;
};

TEST_F(AdminServerTest, CompressesForThoseWhoAcceptIt) {
  start(nullptr);
  const Message plain = read_answer("/big");
  EXPECT_EQ(plain.field("content-encoding"), "-");
  EXPECT_EQ(plain.field("vary"), "Accept-Encoding");
  EXPECT_EQ(plain.body.size(), 5012u);
  const Message zipped = read_answer("/big", "Accept-Encoding: gzip, br\r\n");
  EXPECT_EQ(zipped.field("content-encoding"), "gzip");
  EXPECT_EQ(zipped.field("vary"), "Accept-Encoding");
  EXPECT_LT(zipped.body.size(), 200u);
  EXPECT_TRUE(zipped.body.starts_with("\x1f\x8b"));
  EXPECT_EQ(read_answer("/big", "Accept-Encoding: gzip;q=0\r\n").field("content-encoding"), "-");
  EXPECT_EQ(read_answer("/vary", "Accept-Encoding: gzip\r\n").field("vary"),
            "Accept, Accept-Encoding");
  EXPECT_EQ(read_answer("/zipped", "Accept-Encoding: gzip\r\n").field("content-encoding"), "br");
}

TEST_F(AdminServerTest, LeavesSmallAnswersAsTheyAre) {
  start(nullptr);
  const Message small = read_answer("/small", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(small.body, "{}\n");
  EXPECT_EQ(small.field("content-encoding"), "-");
  EXPECT_EQ(small.field("vary"), "-");
}

TEST_F(AdminServerTest, SendsNoBodyToHead) {
  start(&feed_);
  for (const auto* path : {"/big", "/-/events"}) {
    Peer peer = ask(path, "Accept-Encoding: gzip\r\nConnection: close\r\n", "HEAD");
    const std::string all = peer.read_to_end();
    EXPECT_TRUE(all.starts_with("HTTP/1.1 200")) << all;
    EXPECT_TRUE(all.ends_with("\r\n\r\n")) << all;
    EXPECT_EQ(all.find("gzip"), std::string::npos) << all;
  }
}

TEST_F(AdminServerTest, StreamsEventsAsTheyHappen) {
  start(&feed_);
  Peer peer = ask("/-/events", "Accept-Encoding: gzip\r\n");
  const std::string head = peer.read_until("\r\n\r\n");
  EXPECT_NE(head.find("Content-Type: text/event-stream\r\n"), std::string::npos) << head;
  EXPECT_EQ(head.find("Content-Encoding"), std::string::npos) << head;
  EXPECT_EQ(testing::read_chunk(peer), ": welcome\n\n");
  feed_.publish("reload", "{\"generation\":2}");
  EXPECT_EQ(testing::read_chunk(peer), "id: 100\nevent: reload\ndata: {\"generation\":2}\n\n");
  feed_.publish("a", "{}");
  EXPECT_EQ(testing::read_chunk(peer), "id: 101\nevent: a\ndata: {}\n\n");
}

TEST_F(AdminServerTest, ResumesBehindTheLastEvent) {
  feed_.publish("a", "{}");
  feed_.publish("b", "{}");
  start(&feed_);
  Peer resumed = listen("Last-Event-ID: 100\r\n");
  EXPECT_EQ(testing::read_chunk(resumed), "id: 101\nevent: b\ndata: {}\n\n");
  Peer stranger = ask("/-/events", "Last-Event-ID: 7\r\n");
  stranger.read_until("\r\n\r\n");
  EXPECT_EQ(testing::read_chunk(stranger), "event: gap\ndata: {}\n\n");
  EXPECT_TRUE(testing::read_chunk(stranger).starts_with("id: 100\n"));
}

TEST_F(AdminServerTest, KeepsAnIdleStreamAlive) {
  start(&feed_, std::chrono::milliseconds(1));
  Peer peer = listen();
  EXPECT_EQ(testing::read_chunk(peer), ": alive\n\n");
  EXPECT_EQ(testing::read_chunk(peer), ": alive\n\n");
}

TEST_F(AdminServerTest, EndsStreamsInOrderWhenItStops) {
  start(&feed_);
  Peer first = listen();
  Peer second = listen();
  feed_.publish("last", "{}");
  stop();
  EXPECT_EQ(feed_.subscribers(), 0u);
  for (Peer* peer : {&first, &second}) {
    EXPECT_EQ(testing::read_chunk(*peer), "id: 100\nevent: last\ndata: {}\n\n");
    EXPECT_EQ(testing::read_chunk(*peer), "");
    EXPECT_TRUE(peer->closes_silently());
  }
}

TEST_F(AdminServerTest, NoticesThatAListenerLeft) {
  start(&feed_, std::chrono::milliseconds(1));
  {
    Peer peer = listen();
    EXPECT_EQ(feed_.subscribers(), 1u);
    peer.reset();
  }
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (feed_.subscribers() > 0 && std::chrono::steady_clock::now() < patience) {
    std::this_thread::yield();
  }
  EXPECT_EQ(feed_.subscribers(), 0u);
}

TEST_F(AdminServerTest, StreamsWithoutChunksToOldClients) {
  start(&feed_);
  Peer peer = ask("/-/events", {}, "GET", "HTTP/1.0");
  EXPECT_EQ(peer.read_until("\r\n\r\n").find("Transfer-Encoding"), std::string::npos);
  peer.read_until(": welcome\n\n");
  feed_.publish("a", "{}");
  stop();
  EXPECT_EQ(peer.read_to_end(), "id: 100\nevent: a\ndata: {}\n\n");
}

TEST_F(AdminServerTest, RefusesListenersOverTheLimit) {
  std::vector<EventFeed::Subscription> others;
  while (auto taken = feed_.subscribe(std::nullopt, [] {})) others.push_back(*taken);
  start(&feed_);
  EXPECT_EQ(read_answer("/-/events").status(), 503);
  feed_.unsubscribe(others.back());
  listen();
}

/// Every field that keeps a browser from doing more than showing our own pages, once.
void expect_armour(const Message& message) {
  EXPECT_EQ(message.field("content-security-policy"),
            "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
            "base-uri 'none'; frame-ancestors 'none'");
  EXPECT_EQ(message.field("x-content-type-options"), "nosniff");
  EXPECT_EQ(message.field("referrer-policy"), "no-referrer");
  EXPECT_EQ(message.field("cache-control"), "no-store");
  EXPECT_EQ(message.field("server"), "tallygate");
  EXPECT_TRUE(message.field("date").ends_with(" GMT")) << message.head;
  EXPECT_NE(message.field("content-type"), "-");
  EXPECT_EQ(message.head.find("Access-Control"), std::string::npos);
}

TEST_F(AdminServerTest, ArmsEveryAnswer) {
  start(&feed_);
  for (const auto* path : {"/small", "/big", "/login"}) expect_armour(read_answer(path));
  Peer broken = Peer::connect(listener_.port());
  broken.send("nonsense\r\n\r\n");
  const Message refusal = testing::read_message(broken);
  EXPECT_EQ(refusal.status(), 400);
  expect_armour(refusal);
  Peer events = ask("/-/events");
  Message stream;
  stream.head = events.read_until("\r\n\r\n");
  expect_armour(stream);
}

TEST_F(AdminServerTest, SplitsNoAnswer) {
  start(nullptr);
  const Message message = read_answer("/split");
  EXPECT_EQ(message.status(), 200);
  EXPECT_EQ(message.field("x-evil"), "-");
  EXPECT_EQ(message.field("x-name"), "-");
}

AdminLimits hasty() {
  AdminLimits limits;
  limits.headers = limits.body = std::chrono::milliseconds(40);
  return limits;
}

TEST_F(AdminServerTest, RefusesASlowHead) {
  start(nullptr, std::chrono::seconds(15), hasty());
  Peer peer = Peer::connect(listener_.port());
  peer.send("GET /small HTTP/1.1\r\nHost: g");
  EXPECT_EQ(testing::read_message(peer).status(), 408);
  EXPECT_TRUE(peer.closes_silently());
}

TEST_F(AdminServerTest, RefusesASlowBody) {
  start(nullptr, std::chrono::seconds(15), hasty());
  for (const auto* framing :
       {"Content-Length: 5\r\n\r\n12", "Transfer-Encoding: chunked\r\n\r\n5\r\n12"}) {
    Peer peer = Peer::connect(listener_.port());
    peer.send(std::string("POST /echo HTTP/1.1\r\nHost: gate\r\n") + framing);
    EXPECT_EQ(testing::read_message(peer).status(), 408) << framing;
  }
}

TEST_F(AdminServerTest, LeavesAnIdleConnectionInTime) {
  AdminLimits limits;
  limits.idle = std::chrono::milliseconds(40);
  start(nullptr, std::chrono::seconds(15), limits);
  Peer peer = ask("/small");
  EXPECT_EQ(testing::read_message(peer).status(), 200);
  EXPECT_TRUE(peer.closes_silently());
}

TEST_F(AdminServerTest, RefusesMoreThanItsLimits) {
  AdminLimits limits;
  limits.message = {1024, 5, 100};
  limits.held_bytes = 100'000;
  start(nullptr, std::chrono::seconds(15), limits);
  const auto check = [&](const std::string& rest, int expected) {
    Peer peer = Peer::connect(listener_.port());
    peer.send("POST /echo HTTP/1.1\r\nHost: gate\r\n" + rest);
    EXPECT_EQ(testing::read_message(peer).status(), expected) << rest.substr(0, 60);
  };
  check("Content-Length: 100\r\n\r\n" + std::string(100, 'x'), 200);
  check("Content-Length: 101\r\n\r\n", 413);
  check("Transfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x'), 413);
  check("X: " + std::string(2000, 'x') + "\r\n\r\n", 431);
  check("A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\nF: 1\r\n\r\n", 431);
}

TEST_F(AdminServerTest, HoldsOnlySoMuchAtOnce) {
  AdminLimits limits;
  limits.held_bytes = 50'000;
  limits.strangers_body = 100'000;
  start(nullptr, std::chrono::seconds(15), limits);
  Peer peer = Peer::connect(listener_.port());
  peer.send("POST /echo HTTP/1.1\r\nHost: gate\r\nContent-Length: 60000\r\n\r\n" +
            std::string(60'000, 'x'));
  EXPECT_EQ(testing::read_message(peer).status(), 503);
  Peer small = ask("/small");  // what the other held is free again
  EXPECT_EQ(testing::read_message(small).status(), 200);
}

TEST_F(AdminServerTest, ReadsLargeBodiesOfKnownCallersOnly) {
  start(nullptr);
  const auto check = [&](std::string_view fields, std::size_t bytes, int expected) {
    Peer peer = Peer::connect(listener_.port());
    peer.send("POST /echo HTTP/1.1\r\nHost: gate\r\n" + std::string(fields) + "\r\n\r\n");
    if (expected == 200) peer.send(std::string(bytes, 'x'));
    EXPECT_EQ(testing::read_message(peer).status(), expected) << fields;
  };
  check("Content-Length: 16384", 16384, 200);
  check("Content-Length: 16385", 0, 401);
  check("Authorization: Bearer wrong\r\nContent-Length: 16385", 0, 401);
  check("Authorization: Bearer right\r\nContent-Length: 16385", 16385, 200);
  Peer peer = Peer::connect(listener_.port());
  peer.send("POST /echo HTTP/1.1\r\nHost: gate\r\nTransfer-Encoding: chunked\r\n\r\n4001\r\n" +
            std::string(16385, 'x'));
  EXPECT_EQ(testing::read_message(peer).status(), 401);
}

TEST_F(AdminServerTest, TellsAKnownCallerToGoOn) {
  start(nullptr);
  const std::string_view head =
      "POST /echo HTTP/1.1\r\nHost: gate\r\nExpect: 100-continue\r\nContent-Length: ";
  Peer small = Peer::connect(listener_.port());
  small.send(std::string(head) + "4\r\n\r\n");
  EXPECT_EQ(small.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  small.send("data");
  EXPECT_EQ(testing::read_message(small).status(), 200);
  Peer large = Peer::connect(listener_.port());
  large.send(std::string(head) + "40000\r\n\r\n");
  EXPECT_EQ(testing::read_message(large).status(), 401);
}

TEST_F(AdminServerTest, NeverLocksOutATokenThatWasRight) {
  start(nullptr);
  const std::string right = "Authorization: Bearer right\r\n";
  const std::string wrong = "Authorization: Bearer wrong\r\n";
  EXPECT_EQ(read_answer("/small", right).status(), 200);
  for (int i = 0; i < api::FailedLogins::kBurst; ++i) {
    EXPECT_EQ(read_answer("/small", wrong).status(), 200) << "a public path, whatever the token";
    EXPECT_EQ(read_answer("/login", wrong).status(), 401);
  }
  EXPECT_EQ(read_answer("/login", wrong).status(), 429);
  EXPECT_EQ(read_answer("/small", wrong).status(), 429);
  EXPECT_EQ(read_answer("/small", right).status(), 200);
}

TEST_F(AdminServerTest, TakesOnlySoManyConnections) {
  AdminLimits limits;
  limits.connections = 1;
  start(nullptr, std::chrono::seconds(15), limits);
  {
    Peer first = ask("/small");
    EXPECT_EQ(testing::read_message(first).status(), 200);
    std::vector<Peer> told;
    for (int i = 0; i < 16; ++i) {
      told.push_back(Peer::connect(listener_.port()));
      const Message refusal = testing::read_message(told.back());
      EXPECT_EQ(refusal.status(), 503);
      EXPECT_EQ(refusal.field("retry-after"), "1");
      EXPECT_EQ(refusal.field("connection"), "close");
      EXPECT_NE(refusal.body.find(R"("code":"overloaded")"), std::string::npos) << refusal.body;
    }
    // While those linger there is no place to tell another one.
    Peer another = Peer::connect(listener_.port());
    EXPECT_TRUE(another.closes_silently());
  }
}

TEST_F(AdminServerTest, SlowsDownWhoGuessesTokens) {
  start(nullptr);
  for (int i = 0; i < api::FailedLogins::kBurst; ++i) {
    EXPECT_EQ(read_answer("/login", "Authorization: Bearer guess\r\n").status(), 401) << i;
  }
  const Message slowed = read_answer("/login", "Authorization: Bearer guess\r\n");
  EXPECT_EQ(slowed.status(), 429);
  EXPECT_NE(slowed.field("retry-after"), "-");
  EXPECT_EQ(server_->failed_logins(), api::FailedLogins::kBurst + 1u);
  EXPECT_EQ(read_answer("/small").status(), 200);
}

TEST_F(AdminServerTest, AnswersWhatIsPipelined) {
  start(nullptr);
  Peer peer = Peer::connect(listener_.port());
  peer.send(
      "POST /echo HTTP/1.1\r\nHost: gate\r\nContent-Length: 3\r\n\r\none"
      "POST /echo HTTP/1.1\r\nHost: gate\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
      "GET /small HTTP/1.1\r\nHost: gate\r\n\r\n");
  EXPECT_EQ(testing::read_message(peer).body, "one");
  EXPECT_EQ(testing::read_message(peer).body, "two");
  EXPECT_EQ(testing::read_message(peer).body, "{}\n");
}

}  // namespace
}  // namespace tallygate
