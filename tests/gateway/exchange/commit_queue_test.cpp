#include "gateway/exchange/commit_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace tallygate {
namespace {

using std::chrono::milliseconds;

/// Tickets of records 1, 2, ... handed in at the given times, and their states as text.
struct Queue {
  static constexpr SteadyTime start = SteadyTime{} + std::chrono::hours{1};

  CommitQueue queue;
  http::Parking parking;
  std::array<CommitTicket, 16> tickets;
  std::size_t added = 0;

  void add(milliseconds at = {}) {
    CommitTicket& ticket = tickets[added++];
    ticket.number = added;
    ticket.since = start + at;
    ticket.parking = &parking;
    queue.add(ticket);
  }

  /// One letter for each ticket: waiting, committed, released.
  std::string settle(std::uint64_t committed, milliseconds at) {
    queue.settle(committed, start + at);
    return states();
  }
  std::string states() const {
    std::string text;
    for (std::size_t i = 0; i < added; ++i) {
      text.push_back("wcr"[static_cast<std::size_t>(tickets[i].state)]);
    }
    return text;
  }
};

TEST(CommitQueue, WakesInTheOrderOfRecordsUpToTheCommittedOne) {
  Queue q;
  for (int i = 0; i < 4; ++i) q.add();
  EXPECT_EQ(q.settle(0, milliseconds{1}), "wwww");
  EXPECT_EQ(q.settle(1, milliseconds{2}), "cwww");
  EXPECT_EQ(q.settle(3, milliseconds{3}), "cccw");
  EXPECT_FALSE(q.queue.empty());
  EXPECT_EQ(q.settle(9, milliseconds{4}), "cccc");
  EXPECT_TRUE(q.queue.empty());
}

TEST(CommitQueue, ReleasesWhoWaitedForAllItsPatience) {
  Queue q;
  q.add(milliseconds{0});
  q.add(milliseconds{20});
  EXPECT_EQ(q.settle(0, CommitQueue::kPatience - milliseconds{1}), "ww");
  EXPECT_EQ(q.settle(0, CommitQueue::kPatience), "rw");
  EXPECT_EQ(q.settle(0, CommitQueue::kPatience + milliseconds{19}), "rw");
  EXPECT_EQ(q.settle(0, CommitQueue::kPatience + milliseconds{20}), "rr");
}

TEST(CommitQueue, PrefersACommitToARelease) {
  Queue q;
  q.add();
  EXPECT_EQ(q.settle(1, CommitQueue::kPatience * 2), "c");
  EXPECT_FALSE(q.queue.degraded());
}

TEST(CommitQueue, HoldsNobodyAfterThreeStrikesUntilTheJournalMoves) {
  Queue q;
  for (int i = 0; i < 2; ++i) q.add();
  q.settle(0, CommitQueue::kPatience);
  EXPECT_FALSE(q.queue.degraded());
  q.add(CommitQueue::kPatience);
  EXPECT_EQ(q.settle(0, CommitQueue::kPatience * 2), "rrr");
  EXPECT_TRUE(q.queue.degraded());

  q.add(CommitQueue::kPatience * 2);
  EXPECT_EQ(q.states(), "rrrr") << "released at once";
  EXPECT_TRUE(q.queue.empty());

  q.settle(1, CommitQueue::kPatience * 3);
  EXPECT_FALSE(q.queue.degraded());
  q.add(CommitQueue::kPatience * 3);
  EXPECT_EQ(q.states(), "rrrrw");
  EXPECT_EQ(q.settle(5, CommitQueue::kPatience * 3), "rrrrc");
}

TEST(CommitQueue, CountsStrikesInARowOnly) {
  Queue q;
  for (int round = 0; round < 4; ++round) {
    const auto begin = milliseconds{1000 * round};
    q.add(begin);
    q.add(begin);
    q.settle(q.added - 2, begin + CommitQueue::kPatience);
    EXPECT_FALSE(q.queue.degraded()) << "two strikes, then the journal moved: round " << round;
  }
}

TEST(CommitQueue, StaysDegradedWhileTheJournalStandsStill) {
  Queue q;
  q.queue.settle(7, Queue::start);
  for (int i = 0; i < CommitQueue::kStrikes; ++i) {
    q.add();
    q.tickets[static_cast<std::size_t>(i)].number += 7;
  }
  q.settle(7, CommitQueue::kPatience);
  ASSERT_TRUE(q.queue.degraded());
  q.settle(7, CommitQueue::kPatience * 9);
  EXPECT_TRUE(q.queue.degraded()) << "the same number again is no progress";
}

}  // namespace
}  // namespace tallygate
