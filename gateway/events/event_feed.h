#pragma once
// What happens in the gate, for whoever listens at /-/events: the last kMaxEvents events, in order,
// with ascending ids. Readers keep a position of their own, so a slow one costs nothing and finds
// out by what it missed. Thread-safe; nothing in here waits.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace tallygate {

struct FeedEvent {
  std::uint64_t id = 0;
  std::string name;  ///< "alert.fired": no line break
  std::string data;  ///< a JSON object on one line
};

/// The event as text/event-stream has it, its empty line included.
std::string render_event(const FeedEvent& event);

class EventFeed {
 public:
  static constexpr std::size_t kMaxEvents = 1024;
  static constexpr std::size_t kMaxEventBytes = 16 * 1024;
  static constexpr std::size_t kMaxSubscribers = 64;
  static constexpr std::size_t kMaxBatch = 64;

  /// Ids begin at `started` in microseconds, so that they ascend over restarts.
  explicit EventFeed(WallTime started)
      : first_id_(static_cast<std::uint64_t>(micros_since_epoch(started))), next_id_(first_id_) {}

  /// Any thread. Data over kMaxEventBytes is left out. Wakes the subscribers.
  void publish(std::string_view name, std::string_view data);
  /// Any thread: the feed ends for everyone.
  void close();

  struct Subscription {
    std::uint64_t key = 0;
    std::uint64_t position = 0;  ///< id of the next event to read
    bool has_gap = false;        ///< events behind the asked one are no longer there
  };
  /// From behind `last_id` on; nullopt = only what comes. An id of another life of the process
  /// begins at the oldest event, with a gap. `wake` is called after each publish and at the end, on
  /// the thread that did it, under a lock: it only posts. nullopt: too many subscribers, or closed.
  std::optional<Subscription> subscribe(std::optional<std::uint64_t> last_id,
                                        std::function<void()> wake);
  void unsubscribe(const Subscription& subscription);

  struct Batch {
    std::vector<FeedEvent> events;  ///< at most kMaxBatch; none: wait to be woken
    std::uint64_t missed = 0;       ///< events that were overwritten before they were read
    bool closed = false;            ///< and nothing is left
  };
  /// Moves the position behind what it returns.
  Batch read(Subscription& subscription) const;

  std::size_t subscribers() const;
  /// Since the start.
  std::uint64_t published() const;

 private:
  mutable std::mutex mutex_;
  std::uint64_t first_id_;
  std::uint64_t next_id_;
  std::deque<FeedEvent> events_;  ///< with ids up to next_id_ - 1
  std::map<std::uint64_t, std::function<void()>> subscribers_;
  std::uint64_t next_key_ = 1;
  bool closed_ = false;
};

}  // namespace tallygate
