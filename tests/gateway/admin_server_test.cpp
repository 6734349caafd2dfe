#include "gateway/admin_server.h"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <thread>

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

  void start(EventFeed* events, std::chrono::milliseconds heartbeat = AdminServer::kHeartbeat) {
    // The port is the kernel's; the server takes over a descriptor of the test's listener.
    server_ = std::make_unique<AdminServer>(io_, pool_, ::fcntl(listener_.fd(), F_DUPFD_CLOEXEC, 0),
                                            answer, events, heartbeat);
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

}  // namespace
}  // namespace tallygate
