#include "gateway/events/event_feed.h"

#include <gtest/gtest.h>

#include <thread>

namespace tallygate {
namespace {

constexpr WallTime kStart{std::chrono::microseconds{1000}};

/// "1000:a 1001:b" of what can be read.
std::string text_of(const EventFeed::Batch& batch) {
  std::string text = batch.missed > 0 ? "missed " + std::to_string(batch.missed) : "";
  for (const FeedEvent& event : batch.events) {
    text += (text.empty() ? "" : " ") + std::to_string(event.id) + ":" + event.name;
  }
  return text + (batch.closed ? "closed" : "");
}

void nothing() {}

TEST(EventFeed, RendersEventsForBrowsers) {
  EXPECT_EQ(render_event({7, "reload", "{}"}), "id: 7\nevent: reload\ndata: {}\n\n");
  EXPECT_EQ(render_event({7, "x", "a\nb\n"}), "id: 7\nevent: x\ndata: a\ndata: b\ndata: \n\n");
}

TEST(EventFeed, GivesEachReaderWhatItAskedFor) {
  EventFeed feed(kStart);
  auto early = feed.subscribe(std::nullopt, nothing);
  feed.publish("a", "{}");
  feed.publish("b", "{}");
  auto late = feed.subscribe(std::nullopt, nothing);
  auto behind_a = feed.subscribe(1000, nothing);
  auto all = feed.subscribe(999, nothing);
  EXPECT_EQ(text_of(feed.read(*early)), "1000:a 1001:b");
  EXPECT_EQ(text_of(feed.read(*early)), "");
  EXPECT_EQ(text_of(feed.read(*late)), "");
  EXPECT_EQ(text_of(feed.read(*behind_a)), "1001:b");
  EXPECT_EQ(text_of(feed.read(*all)), "1000:a 1001:b");
  EXPECT_FALSE(behind_a->has_gap || all->has_gap || late->has_gap);
  feed.publish("c", "{}");
  EXPECT_EQ(text_of(feed.read(*late)), "1002:c");
}

TEST(EventFeed, SaysWhenEventsOfAnotherLifeWereAskedFor) {
  EventFeed feed(kStart);
  feed.publish("a", "{}");
  for (const std::uint64_t id :
       {std::uint64_t{0}, std::uint64_t{5}, std::uint64_t{1001}, std::uint64_t{UINT64_MAX}}) {
    auto subscription = feed.subscribe(id, nothing);
    EXPECT_TRUE(subscription->has_gap) << id;
    EXPECT_EQ(text_of(feed.read(*subscription)), "1000:a") << id;
  }
}

TEST(EventFeed, TellsASlowReaderWhatItMissed) {
  EventFeed feed(kStart);
  auto slow = feed.subscribe(std::nullopt, nothing);
  for (std::size_t i = 0; i < EventFeed::kMaxEvents + 5; ++i) feed.publish("e", "{}");
  const EventFeed::Batch first = feed.read(*slow);
  EXPECT_EQ(first.missed, 5u);
  EXPECT_EQ(first.events.size(), EventFeed::kMaxBatch);
  EXPECT_EQ(first.events.front().id, 1005u);
  const EventFeed::Batch second = feed.read(*slow);
  EXPECT_EQ(second.missed, 0u);
  EXPECT_EQ(second.events.front().id, 1005u + EventFeed::kMaxBatch);
  EXPECT_TRUE(feed.subscribe(1003, nothing)->has_gap);
  EXPECT_FALSE(feed.subscribe(1004, nothing)->has_gap);
}

TEST(EventFeed, WakesReadersUntilTheyLeave) {
  EventFeed feed(kStart);
  int woken = 0;
  const auto subscription = feed.subscribe(std::nullopt, [&woken] { ++woken; });
  feed.publish("a", "{}");
  feed.publish("b", "{}");
  EXPECT_EQ(woken, 2);
  feed.unsubscribe(*subscription);
  feed.publish("c", "{}");
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(feed.subscribers(), 0u);
}

TEST(EventFeed, EndsBehindItsLastEvent) {
  EventFeed feed(kStart);
  int woken = 0;
  auto subscription = feed.subscribe(std::nullopt, [&woken] { ++woken; });
  feed.publish("a", "{}");
  feed.close();
  feed.publish("b", "{}");
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(text_of(feed.read(*subscription)), "1000:a");
  EXPECT_EQ(text_of(feed.read(*subscription)), "closed");
  EXPECT_FALSE(feed.subscribe(std::nullopt, nothing).has_value());
}

TEST(EventFeed, IsBounded) {
  EventFeed feed(kStart);
  auto first = feed.subscribe(std::nullopt, nothing);
  for (std::size_t i = 1; i < EventFeed::kMaxSubscribers; ++i) {
    ASSERT_TRUE(feed.subscribe(std::nullopt, nothing).has_value());
  }
  EXPECT_FALSE(feed.subscribe(std::nullopt, nothing).has_value());
  feed.unsubscribe(*first);
  EXPECT_TRUE(feed.subscribe(std::nullopt, nothing).has_value());
  feed.publish("big", std::string(EventFeed::kMaxEventBytes + 1, 'x'));
  EXPECT_EQ(feed.read(*first).events[0].data, "{}");
}

TEST(EventFeed, KeepsOrderAmongThreads) {
  EventFeed feed(kStart);
  auto subscription = feed.subscribe(std::nullopt, nothing);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&feed] {
        for (int i = 0; i < 100; ++i) feed.publish("e", "{}");
      });
    }
  }
  std::uint64_t expected = 1000;
  for (auto batch = feed.read(*subscription); !batch.events.empty();
       batch = feed.read(*subscription)) {
    for (const FeedEvent& event : batch.events) EXPECT_EQ(event.id, expected++);
  }
  EXPECT_EQ(expected, 1400u);
}

}  // namespace
}  // namespace tallygate
