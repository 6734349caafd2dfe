#pragma once
// What is folded from the journal: all tallies, which of them changed since the last checkpoint,
// the response ids that wait for their index; and how they are loaded: the checkpoint with the log
// replayed over it. Not thread-safe.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "router/tally.h"
#include "store/journal.h"
#include "store/names.h"
#include "store/response_index.h"
#include "store/rocksdb/batch.h"

namespace tallygate::store {

class TallyBook {
 public:
  explicit TallyBook(bool index_response_ids) : indexes_(index_response_ids) {}

  /// Empties the book and fills it from `database`.
  Result<void> load(const Database& database);

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

  ResponseIndex& index() { return index_; }
  const ResponseIndex& index() const { return index_; }

 private:
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(const router::TallyKey& key) const { return router::hash_of(key); }
  };
  struct Entry {
    router::Tally tally;
    bool dirty = false;
  };

  /// A replay starts after the checkpoint in any case, and every trim leaves a tombstone.
  bool is_trim_due() const { return last_batch_ - trimmed_ >= 4096; }
  Result<void> load_tallies(const Database& database);
  Result<void> replay_log(const Database& database);

  boost::unordered_flat_map<router::TallyKey, Entry, Hash> entries_;
  std::vector<router::TallyKey> dirty_;
  std::uint64_t last_batch_ = 0;
  std::uint64_t checkpoint_ = 0;
  std::uint64_t trimmed_ = 0;  ///< the log has nothing up to here; 0 = not known
  bool indexes_;
  ResponseIndex index_;
};

/// Fills `names` with the journal's. Entries that `names` has already must be the same ones.
Result<void> load_names(const Database& database, Names& names);

}  // namespace tallygate::store
