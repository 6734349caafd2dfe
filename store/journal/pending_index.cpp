#include "store/journal/pending_index.h"

#include <algorithm>
#include <span>

#include "store/journal/reading/record_query.h"

namespace tallygate::store {

void PendingIndex::add(const router::Record& record, std::uint64_t batch) {
  open_.push_back({index_hash(record.id), batch});
  if (response_ids_ && !record.response_id.empty()) {
    open_.push_back({index_hash(record.response_id), batch});
  }
}

std::vector<std::uint64_t> PendingIndex::find(std::uint64_t hash) const {
  std::vector<std::uint64_t> batches;
  const auto add_from = [&](std::span<const IndexEntry> entries) {
    for (auto at = entries.rbegin(); at != entries.rend(); ++at) {
      if (at->hash == hash) batches.push_back(at->batch);
    }
  };
  add_from(open_);
  if (is_sealed()) {
    const std::size_t partition = partition_of(hash);
    add_from(std::span(sealed_).subspan(starts_[partition],
                                        starts_[partition + 1] - starts_[partition]));
  }
  return batches;
}

void PendingIndex::seal(std::uint64_t last) {
  starts_.fill(0);
  for (const IndexEntry& entry : open_) ++starts_[partition_of(entry.hash) + std::size_t{1}];
  for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
  auto ends = starts_;
  sealed_.resize(open_.size());
  for (const IndexEntry& entry : open_) sealed_[ends[partition_of(entry.hash)]++] = entry;
  open_.clear();
  last_ = last;
  next_ = 0;
}

void PendingIndex::add_slice(const Database& database, Batch& batch) const {
  const std::size_t end = std::min(next_ + kSlicePartitions, kPartitions);
  for (std::size_t partition = next_; partition < end; ++partition) {
    const auto entries =
        std::span(sealed_).subspan(starts_[partition], starts_[partition + 1] - starts_[partition]);
    if (!entries.empty()) batch.add_index(database, partition, entries);
  }
  if (end == kPartitions) batch.add_indexed(database, last_);
}

void PendingIndex::after_slice() {
  next_ += kSlicePartitions;
  if (next_ >= kPartitions) sealed_.clear();
}

}  // namespace tallygate::store
