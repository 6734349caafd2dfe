#pragma once
// What is folded from the journal: all tallies, the time series of their keys, and the units of
// experiments; and how it is loaded: the checkpoint with the log replayed over it. Not thread-safe.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "router/tally/tally.h"
#include "store/journal/journal.h"
#include "store/journal/names.h"
#include "store/journal/pending_index.h"
#include "store/rocksdb/batch.h"
#include "store/tally/series_book.h"
#include "store/tally/unit_book.h"

namespace tallygate::store {

class TallyBook {
 public:
  /// Fills an empty book from `database`, and `index`, unless it is null, with what is not in the
  /// index of the database.
  Result<void> load(const Database& database, PendingIndex* index);

  void fold(const router::Record& record);
  /// So many requests of a variant were sent on their way. Written with the next checkpoint.
  void fold_started(const router::TallyKey& key, std::uint64_t count);
  /// Batch `number` is folded whole.
  void end_batch(std::uint64_t number) { last_batch_ = number; }
  /// 0 = none yet.
  std::uint64_t last_batch() const { return last_batch_; }

  /// Records folded since the journal began.
  std::uint64_t record_count() const;

  bool needs_checkpoint() const { return last_batch_ != checkpoint_; }
  bool is_checkpoint_urgent() const { return units_.is_checkpoint_urgent(); }
  /// Errors: a time series could not be read; then `batch` must not be written.
  Result<void> add_checkpoint(const Database& database, Batch& batch);
  /// What add_checkpoint() added is written.
  void after_checkpoint();

  TallySet copy(const router::TallyFilter& filter) const;
  /// Those of `keys` that are there, in their order.
  TallySet copy_at(std::span<const router::TallyKey> keys) const;
  /// All that was served, in one tally: the sum of the performance keys.
  const router::Tally& total() const { return total_; }
  TotalsSet totals(const router::TallyFilter& filter) const;

  UnitCounts units(router::NameId experiment) const { return units_.counts(experiment); }
  /// Belongs to the next checkpoint.
  void forget_experiment(router::NameId experiment) { units_.forget(experiment); }

  std::vector<router::TallyKey> keys(const router::TallyFilter& filter) const;
  /// Adds to `sums` what the database does not have yet of the buckets `first` to `last`.
  void add_pending(const router::TallyFilter& filter, Resolution resolution, std::uint32_t first,
                   std::uint32_t last, SeriesSums& sums) const;

 private:
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(const router::TallyKey& key) const { return router::hash_of(key); }
  };
  struct Entry {
    router::Tally tally;
    bool dirty = false;
  };

  std::uint32_t find_or_add(const router::TallyKey& key);
  /// The entry, from now on part of the next checkpoint.
  router::Tally& change(std::uint32_t index);
  void fold_failovers(const router::Record& record, std::uint32_t minute);
  template <class Visit>
  void for_each(const router::TallyFilter& filter, const Visit& visit) const;
  bool is_time_due() const;
  Result<void> load_tallies(const Database& database);
  void raise_started();
  Result<void> replay_log(const Database& database, PendingIndex* index);
  Result<void> replay_batch(std::uint64_t number, std::string_view records, PendingIndex* index);

  // Keys by themselves, so that a search for a few among many reads little memory.
  std::vector<router::TallyKey> keys_;
  std::deque<Entry> entries_;  ///< by the same index
  boost::unordered_flat_map<router::TallyKey, std::uint32_t, Hash> indexes_;
  std::vector<std::uint32_t> dirty_;
  router::Tally total_;
  SeriesBook series_;
  UnitBook units_;
  std::uint64_t last_batch_ = 0;
  std::uint64_t checkpoint_ = 0;
  WallTime newest_{};              ///< record up to last_batch_
  std::optional<WallTime> timed_;  ///< newest_ when it was last written to the times
};

/// Fills `names` with the journal's. Entries that `names` has already must be the same ones.
Result<void> load_names(const Database& database, Names& names);

}  // namespace tallygate::store
