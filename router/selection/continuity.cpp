#include "router/selection/continuity.h"

namespace tallygate::router {

void Continuity::remember(std::uint64_t unit_hash, Served served) {
  const auto known = index_of_.find(unit_hash);
  if (known != index_of_.end()) {
    const std::uint32_t index = known->second;
    entries_[index].served = served;
    if (index == newest_) return;
    take_out(index);
    return put_newest(index);
  }
  auto index = static_cast<std::uint32_t>(entries_.size());
  if (index < capacity_) {
    entries_.push_back({unit_hash, served, index, index});
    if (index > 0) put_newest(index);
  } else {
    // The oldest lies behind the newest already: it only changes its unit.
    index = entries_[newest_].newer;
    index_of_.erase(entries_[index].unit_hash);
    entries_[index].unit_hash = unit_hash;
    entries_[index].served = served;
  }
  newest_ = index;
  index_of_.emplace(unit_hash, index);
}

Served Continuity::find(std::uint64_t unit_hash) const {
  const auto known = index_of_.find(unit_hash);
  return known == index_of_.end() ? Served{} : entries_[known->second].served;
}

void Continuity::take_out(std::uint32_t index) {
  const Entry& entry = entries_[index];
  entries_[entry.older].newer = entry.newer;
  entries_[entry.newer].older = entry.older;
}

void Continuity::put_newest(std::uint32_t index) {
  Entry& entry = entries_[index];
  entry.older = newest_;
  entry.newer = entries_[newest_].newer;
  entries_[entry.newer].older = index;
  entries_[newest_].newer = index;
  newest_ = index;
}

}  // namespace tallygate::router
