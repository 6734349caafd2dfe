#include "gateway/http/loop/stream.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "tests/support/loopback.h"

namespace tallygate::http {
namespace {

using testing::Listener;
using testing::Peer;

constexpr std::chrono::milliseconds kPatience{testing::kPatienceMillis};

/// A Stream and, at the other end of its connection, a peer the test plays by hand.
struct Pair {
  Reactor reactor;
  Listener listener;
  Peer peer{Peer::connect(listener.port())};
  Stream stream{reactor, listener.accept().release_non_blocking()};

  /// One turn of the loop: blocks until something happens.
  void turn() {
    reactor.wait(kPatience);
    reactor.dispatch();
  }
  /// Reads until it would block or ends: bytes, then '|' for would_block, '$' for the end, '!' for
  /// a failure.
  std::string drain(std::size_t most_at_once = 4096) {
    std::string text;
    std::string into(most_at_once, '\0');
    for (;;) {
      const IoResult read = stream.read(into);
      if (read.status == IoStatus::would_block) return text + "|";
      if (read.status == IoStatus::end) return text + "$";
      if (read.status == IoStatus::failed) return text + "!";
      EXPECT_GT(read.bytes, 0U);
      text.append(into, 0, read.bytes);
    }
  }
  /// Turns until the stream has given `text`.
  std::string drain_until(const std::string& text, std::size_t most_at_once = 4096) {
    std::string seen;
    while (seen != text && seen.size() <= text.size()) {
      turn();
      std::string more = drain(most_at_once);
      if (more.ends_with('|')) more.pop_back();
      seen += more;
    }
    return seen;
  }
};

TEST(Stream, HasNothingToReadAtFirst) {
  Pair pair;
  EXPECT_EQ(pair.drain(), "|");
  pair.turn();
  EXPECT_TRUE(pair.stream.can_write());
  EXPECT_EQ(pair.drain(), "|");
  EXPECT_FALSE(pair.stream.has_input());
}

TEST(Stream, GivesWhatHasArrived) {
  Pair pair;
  pair.peer.send("hello");
  EXPECT_EQ(pair.drain_until("hello"), "hello");
  EXPECT_FALSE(pair.stream.has_input());
  pair.peer.send("again");
  EXPECT_EQ(pair.drain_until("again"), "again") << "a short read is followed by a new edge";
}

TEST(Stream, GivesWhatDoesNotFitTheBuffer) {
  for (const std::size_t at_once : {std::size_t{1}, std::size_t{2}, std::size_t{5}}) {
    Pair pair;
    pair.peer.send("hello");
    EXPECT_EQ(pair.drain_until("hello", at_once), "hello") << at_once;
    pair.peer.send("12345");  // fills the buffer exactly: nothing is known about more
    EXPECT_EQ(pair.drain_until("12345", 5), "12345");
  }
}

TEST(Stream, GivesTheDataAndThenTheEndOfOneBurst) {
  for (const std::size_t at_once : {std::size_t{1}, std::size_t{4}, std::size_t{4096}}) {
    Pair pair;
    pair.peer.send("last");
    pair.peer.shut_down_writing();
    EXPECT_EQ(pair.drain_until("last$", at_once), "last$") << at_once;
    EXPECT_TRUE(pair.stream.has_input()) << "the end stays to be seen";
    EXPECT_TRUE(pair.stream.peer_gone(true));
    EXPECT_FALSE(pair.stream.peer_gone(false));
    EXPECT_FALSE(pair.stream.broken());
  }
}

TEST(Stream, GivesAnEndThatComesBetweenWaitAndRead) {
  Pair pair;
  pair.peer.send("data");
  pair.turn();
  while (!pair.stream.has_input()) pair.turn();
  pair.peer.shut_down_writing();  // after the loop has looked, before it reads
  const std::string first = pair.drain();
  if (first == "data|") {
    EXPECT_EQ(pair.drain_until("$"), "$") << "the FIN must bring an edge of its own";
  } else {
    EXPECT_EQ(first, "data$");
  }
}

TEST(Stream, GivesDataThatComesBetweenAShortReadAndTheNextWait) {
  Pair pair;
  pair.peer.send("one");
  EXPECT_EQ(pair.drain_until("one"), "one");
  pair.peer.send("two");
  EXPECT_EQ(pair.drain(), "|") << "not tried before the loop has looked";
  EXPECT_EQ(pair.drain_until("two"), "two");
}

TEST(Stream, TellsAReset) {
  Pair pair;
  pair.peer.reset();
  while (!pair.stream.broken()) pair.turn();
  EXPECT_TRUE(pair.stream.peer_gone(false));
  EXPECT_EQ(pair.drain(), "!");
}

TEST(Stream, WritesPiecesInOrder) {
  Pair pair;
  std::string a = "one";
  std::string b;
  std::string c = "two";
  const iovec pieces[] = {{a.data(), a.size()}, {b.data(), 0}, {c.data(), c.size()}};
  EXPECT_EQ(pair.stream.write(pieces).bytes, 6U);
  EXPECT_EQ(pair.peer.read_exactly(6), "onetwo");
  const IoResult none = pair.stream.write({});
  EXPECT_EQ(none.status, IoStatus::ok);
  EXPECT_EQ(none.bytes, 0U);
}

TEST(Stream, ParksWhileThePeerDoesNotRead) {
  Pair pair;
  pair.turn();
  std::string bytes(1 << 20, 'x');
  const iovec piece{bytes.data(), bytes.size()};
  std::size_t written = 0;
  IoResult result;
  while ((result = pair.stream.write({&piece, 1})).status == IoStatus::ok) {
    written += result.bytes;
    ASSERT_LT(written, std::size_t{256} << 20) << "loopback buffers are not that large";
  }
  EXPECT_EQ(result.status, IoStatus::would_block);
  EXPECT_FALSE(pair.stream.can_write());
  pair.peer.read_exactly(written);
  while (!pair.stream.can_write()) pair.turn();
  EXPECT_EQ(pair.stream.write({&piece, 1}).status, IoStatus::ok);
}

TEST(Stream, FailsToWriteToAPeerThatIsGone) {
  Pair pair;
  pair.peer.reset();
  while (!pair.stream.broken()) pair.turn();
  char byte = 'x';
  const iovec piece{&byte, 1};
  EXPECT_EQ(pair.stream.write({&piece, 1}).status, IoStatus::failed);
}

TEST(Stream, EndsInOrderOrByReset) {
  Pair ordered;
  ordered.stream.close();
  EXPECT_EQ(ordered.peer.read_to_end(), "");
  EXPECT_FALSE(ordered.peer.was_reset());
  Pair broken;
  broken.stream.reset();
  EXPECT_EQ(broken.peer.read_to_end(), "");
  EXPECT_TRUE(broken.peer.was_reset());
  broken.stream.close();
  EXPECT_LT(broken.stream.fd(), 0);
}

TEST(Stream, KeepsReadingAfterItsOwnEnd) {
  Pair pair;
  pair.stream.shut_down_writing();
  EXPECT_EQ(pair.peer.read_to_end(), "");
  pair.peer.send("still");
  EXPECT_EQ(pair.drain_until("still"), "still");
}

Task<void> count_wakes(Parking& parking, int& wakes) {
  for (;;) {
    co_await parking.park();
    if (++wakes == 3) co_return;
  }
}

TEST(Reactor, WakesTheOwnerOnEveryEvent) {
  Pair pair;
  pair.turn();
  Parking parking;
  int wakes = 0;
  spawn(count_wakes(parking, wakes));
  pair.stream.set_owner(&parking);
  for (int i = 1; i <= 3; ++i) {
    pair.peer.send("x");
    pair.turn();
    EXPECT_EQ(wakes, i);
  }
  pair.stream.set_owner(nullptr);
  pair.peer.send("x");
  pair.turn();
  EXPECT_EQ(wakes, 3);
}

TEST(Reactor, ForgetsWhatIsClosedWhileItsEventIsPending) {
  Reactor reactor;
  int one[2];
  int two[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, one), 0);
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, two), 0);
  auto first = std::make_unique<Stream>(reactor, one[0]);
  auto second = std::make_unique<Stream>(reactor, two[0]);
  ASSERT_EQ(::send(one[1], "x", 1, 0) + ::send(two[1], "x", 1, 0), 2);
  reactor.wait(kPatience);
  first.reset();  // the event that wait() found points to freed memory now
  second.reset();
  reactor.dispatch();
  ::close(one[1]);
  ::close(two[1]);
}

TEST(Reactor, IsInterruptedBeforeAndWhileItWaits) {
  Reactor reactor;
  reactor.interrupt();
  reactor.wait(kPatience);  // would fail the test's time limit otherwise
  reactor.dispatch();
  reactor.interrupt();
  reactor.interrupt();
  reactor.wait(kPatience);
  reactor.dispatch();
  reactor.wait(std::chrono::milliseconds{0});
  reactor.dispatch();
}

}  // namespace
}  // namespace tallygate::http
