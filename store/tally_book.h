#pragma once
// What is folded from the journal: all tallies, and which of them changed since the last
// checkpoint; and how it is loaded: the checkpoint with the log replayed over it. Not thread-safe.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "router/tally.h"
#include "store/journal.h"
#include "store/names.h"
#include "store/pending_index.h"
#include "store/rocksdb/batch.h"

namespace tallygate::store {

class TallyBook {
 public:
  /// Fills an empty book from `database`, and `index`, unless it is null, with what is not in the
  /// index of the database.
  Result<void> load(const Database& database, PendingIndex* index);

  void fold(const router::Record& record);
  /// Batch `number` is folded whole.
  void end_batch(std::uint64_t number) { last_batch_ = number; }
  /// 0 = none yet.
  std::uint64_t last_batch() const { return last_batch_; }

  /// Records folded since the journal began.
  std::uint64_t record_count() const;

  bool needs_checkpoint() const { return last_batch_ != checkpoint_; }
  void add_checkpoint(const Database& database, Batch& batch);
  /// What add_checkpoint() added is written.
  void after_checkpoint();

  TallySet copy() const;

 private:
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(const router::TallyKey& key) const { return router::hash_of(key); }
  };
  struct Entry {
    router::Tally tally;
    bool dirty = false;
  };

  bool is_time_due() const;
  Result<void> load_tallies(const Database& database);
  Result<void> replay_log(const Database& database, PendingIndex* index);
  Result<void> replay_batch(std::uint64_t number, std::string_view records, PendingIndex* index);

  boost::unordered_flat_map<router::TallyKey, Entry, Hash> entries_;
  std::vector<router::TallyKey> dirty_;
  std::uint64_t last_batch_ = 0;
  std::uint64_t checkpoint_ = 0;
  WallTime newest_{};              ///< record up to last_batch_
  std::optional<WallTime> timed_;  ///< newest_ when it was last written to the times
};

/// Fills `names` with the journal's. Entries that `names` has already must be the same ones.
Result<void> load_names(const Database& database, Names& names);

}  // namespace tallygate::store
