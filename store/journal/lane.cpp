#include "store/journal/lane.h"

#include <iterator>

namespace tallygate::store {
namespace {

/// A vector that grew beyond this in a stall is not kept.
constexpr std::size_t kMaxIdleCapacity = 8 * kMaxBatchRecords;

}  // namespace

std::size_t bytes_of(const router::Record& record) {
  return sizeof record + record.attempts.size() * sizeof(router::Attempt) + record.tags.size() +
         record.response_id.size();
}

std::uint64_t Lane::append(router::Record&& record) {
  if (open_.size() == kMaxBatchRecords) hand_over();
  open_bytes_ += bytes_of(record);
  open_.push_back(std::move(record));
  return ++last_number_;
}

void Lane::hand_over() {
  if (open_.empty()) return;
  std::size_t dropped = drop_what_does_not_fit();
  {
    const std::lock_guard lock(mutex_);
    queued_up_to_ = last_number_;
    if (closed_) {
      dropped += open_.size();
      intake.records.fetch_sub(open_.size(), std::memory_order_relaxed);
      intake.bytes.fetch_sub(open_bytes_, std::memory_order_relaxed);
      committed.store(last_number_, std::memory_order_release);
    } else if (!fresh_) {
      queued_.swap(open_);
      queued_bytes_ = open_bytes_;
      fresh_ = true;
    } else {
      queued_.insert(queued_.end(), std::make_move_iterator(open_.begin()),
                     std::make_move_iterator(open_.end()));
      queued_bytes_ += open_bytes_;
    }
    ready_.store(true, std::memory_order_relaxed);
  }
  open_.clear();
  open_bytes_ = 0;
  if (open_.capacity() > kMaxIdleCapacity) std::vector<router::Record>().swap(open_);
  if (dropped != 0) intake.dropped.fetch_add(dropped, std::memory_order_relaxed);
  intake.bell.ring();
}

std::size_t Lane::drop_what_does_not_fit() {
  const auto records =
      intake.records.fetch_add(open_.size(), std::memory_order_relaxed) + open_.size();
  const auto bytes = intake.bytes.fetch_add(open_bytes_, std::memory_order_relaxed) + open_bytes_;
  if (records <= intake.max_records && bytes <= intake.max_bytes) return 0;
  std::size_t dropped = 0;
  std::size_t dropped_bytes = 0;
  while (!open_.empty() &&
         (records - dropped > intake.max_records || bytes - dropped_bytes > intake.max_bytes)) {
    dropped_bytes += bytes_of(open_.back());
    open_.pop_back();
    ++dropped;
  }
  open_bytes_ -= dropped_bytes;
  intake.records.fetch_sub(dropped, std::memory_order_relaxed);
  intake.bytes.fetch_sub(dropped_bytes, std::memory_order_relaxed);
  return dropped;
}

bool Lane::take(Load& load) {
  if (!ready_.load(std::memory_order_relaxed)) return false;
  const std::lock_guard lock(mutex_);
  ready_.store(false, std::memory_order_relaxed);
  load.up_to = queued_up_to_;
  load.bytes = 0;
  if (!fresh_) {
    load.records.clear();
    return true;
  }
  load.records.swap(queued_);
  load.bytes = queued_bytes_;
  fresh_ = false;
  return true;
}

void Lane::publish(std::uint64_t number) {
  // Only forward: after close() the worker itself answers what it drops.
  auto seen = committed.load(std::memory_order_relaxed);
  while (seen < number &&
         !committed.compare_exchange_weak(seen, number, std::memory_order_release)) {
  }
  const std::lock_guard lock(wake_mutex_);
  if (wake_) wake_();
}

void Lane::retire() {
  const std::lock_guard lock(wake_mutex_);
  wake_ = nullptr;
}

void Lane::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

std::uint64_t Journal::Producer::append(router::Record&& record) {
  return lane_->append(std::move(record));
}

void Journal::Producer::count_started(const router::TallyKey& key, std::uint64_t count) {
  lane_->started.add(key, count);
}

void Journal::Producer::hand_over() { lane_->hand_over(); }

void Journal::Producer::retire() { lane_->retire(); }

std::uint64_t Journal::Producer::committed() const {
  return lane_->committed.load(std::memory_order_acquire);
}

}  // namespace tallygate::store
