#include "store/tally/live_counts.h"

namespace tallygate::store {

void LiveCounts::add(const router::TallyKey& key, std::uint64_t count) {
  const auto known = by_key_.find(key);
  Entry& entry = known != by_key_.end() ? *known->second : add_entry(key);
  // One writer: no need for an atomic addition.
  entry.count.store(entry.count.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

LiveCounts::Entry& LiveCounts::add_entry(const router::TallyKey& key) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_.emplace_back(key);
  by_key_.emplace(key, &entry);
  return entry;
}

}  // namespace tallygate::store
