#pragma once
// Index entries of committed records that are not in the database yet. They gather in memory, are
// sorted by partition when there are enough for a segment, and go to the database in slices, so
// that no batch waits long behind them. What a crash takes, the log brings back.
// The journal thread changes it under the book's mutex; whoever holds that may look up.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "router/record.h"
#include "store/rocksdb/batch.h"

namespace tallygate::store {

class PendingIndex {
 public:
  PendingIndex(bool response_ids, std::size_t segment_entries)
      : response_ids_(response_ids), segment_entries_(segment_entries) {}

  void add(const router::Record& record, std::uint64_t batch);
  /// The batches that may hold an id with this hash, newest first.
  std::vector<std::uint64_t> find(std::uint64_t hash) const;

  /// True when gathered entries should become a segment, which none is on its way.
  bool is_seal_due() const {
    return !is_sealed() && !open_.empty() && open_.size() >= segment_entries_;
  }
  /// Makes a segment of what has gathered, up to batch `last`.
  void seal(std::uint64_t last);
  bool is_sealed() const { return !sealed_.empty(); }

  /// Adds the next partitions of the segment to `batch`. Needs no lock on the journal thread.
  void add_slice(const Database& database, Batch& batch) const;
  /// What add_slice() added is written. The segment goes with its last slice.
  void after_slice();

 private:
  static constexpr std::size_t kSlicePartitions = 32;

  bool response_ids_;
  std::size_t segment_entries_;
  std::vector<IndexEntry> open_;
  std::vector<IndexEntry> sealed_;                       ///< by partition, in each in commit order
  std::array<std::uint32_t, kPartitions + 1> starts_{};  ///< of each partition in sealed_
  std::uint64_t last_ = 0;                               ///< batch of the segment
  std::size_t next_ = 0;                                 ///< partition to be written
};

}  // namespace tallygate::store
