#include "gateway/events/event_feed.h"

#include <algorithm>

namespace tallygate {

std::string render_event(const FeedEvent& event) {
  std::string text = "id: " + std::to_string(event.id) + "\nevent: " + event.name;
  std::string_view data = event.data;
  for (;;) {
    const std::string_view line = data.substr(0, data.find('\n'));
    text.append("\ndata: ").append(line);
    if (line.size() == data.size()) break;
    data.remove_prefix(line.size() + 1);
  }
  return text + "\n\n";
}

void EventFeed::publish(std::string_view name, std::string_view data) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  const bool fits = data.size() <= kMaxEventBytes;
  events_.push_back({next_id_++, std::string(name), std::string(fits ? data : "{}")});
  if (events_.size() > kMaxEvents) events_.pop_front();
  for (const auto& [key, wake] : subscribers_) wake();
}

void EventFeed::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (const auto& [key, wake] : subscribers_) wake();
}

std::optional<EventFeed::Subscription> EventFeed::subscribe(std::optional<std::uint64_t> last_id,
                                                            std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  if (closed_ || subscribers_.size() >= kMaxSubscribers) return std::nullopt;
  Subscription subscription;
  subscription.key = next_key_++;
  subscription.position = next_id_;
  if (last_id) {
    const std::uint64_t oldest = next_id_ - events_.size();
    const bool is_ours = *last_id + 1 >= first_id_ && *last_id < next_id_;
    subscription.position = is_ours ? std::max(*last_id + 1, oldest) : oldest;
    subscription.has_gap = !is_ours || *last_id + 1 < oldest;
  }
  subscribers_.emplace(subscription.key, std::move(wake));
  return subscription;
}

void EventFeed::unsubscribe(const Subscription& subscription) {
  const std::lock_guard lock(mutex_);
  subscribers_.erase(subscription.key);
}

EventFeed::Batch EventFeed::read(Subscription& subscription) const {
  const std::lock_guard lock(mutex_);
  Batch batch;
  const std::uint64_t oldest = next_id_ - events_.size();
  if (subscription.position < oldest) {
    batch.missed = oldest - subscription.position;
    subscription.position = oldest;
  }
  while (subscription.position < next_id_ && batch.events.size() < kMaxBatch) {
    batch.events.push_back(events_[subscription.position - oldest]);
    ++subscription.position;
  }
  batch.closed = closed_ && batch.events.empty();
  return batch;
}

std::uint64_t EventFeed::published() const {
  const std::lock_guard lock(mutex_);
  return next_id_ - first_id_;
}

std::size_t EventFeed::subscribers() const {
  const std::lock_guard lock(mutex_);
  return subscribers_.size();
}

}  // namespace tallygate
