#pragma once
// The time series as the journal thread folds them. In memory is what was folded since the last
// checkpoint, one entry for each key and minute, and as a cache the stored sums of the buckets that
// are being added to. Everything else is in the database only, so a quiet key costs 4 bytes.
// A checkpoint writes the new sums with the number of the last batch: a replay after it adds what
// is missing, once. Keys go by their index in the book. Not thread-safe.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "base/result.h"
#include "store/rocksdb/batch.h"
#include "store/rocksdb/database.h"
#include "store/tally/series.h"

namespace tallygate::store {

/// Bucket -> sums.
using SeriesSums = std::map<std::uint32_t, router::Totals>;

class SeriesBook {
 public:
  Result<void> load(const Database& database);
  void fold(std::uint32_t key, std::uint32_t minute, const router::Record& record) {
    pending_at(key, minute).fold(record);
  }
  void fold_failover(std::uint32_t key, std::uint32_t minute) {
    pending_at(key, minute).fold_failover();
  }

  /// `keys` by their index. Reads what is added to and not in the cache.
  Result<void> add_checkpoint(const Database& database, std::span<const router::TallyKey> keys,
                              Batch& batch);
  /// What add_checkpoint() added is written.
  void after_checkpoint();

  /// Adds to `sums` what the database does not have yet, of buckets `first` to `last`.
  void add_pending(std::uint32_t key, Resolution resolution, std::uint32_t first,
                   std::uint32_t last, SeriesSums& sums) const;

 private:
  struct Pending {
    std::uint32_t key = 0;
    std::uint32_t minute = 0;
    std::uint32_t next = 0;  ///< of the same key, as in heads_
    router::Totals totals;
  };
  struct BucketKey {
    std::uint32_t key = 0;
    std::uint32_t bucket = 0;
    Resolution resolution = Resolution::minute;
    bool operator==(const BucketKey&) const = default;
  };
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(const BucketKey& key) const;
  };
  struct Stored {
    router::Totals totals;
    bool used = true;  ///< since the last sweep
  };
  using Staged = boost::unordered_flat_map<BucketKey, router::Totals, Hash>;

  router::Totals& pending_at(std::uint32_t key, std::uint32_t minute);
  Result<router::Totals> stored(const Database& database, const router::TallyKey& key,
                                const BucketKey& bucket) const;
  void sweep();

  std::vector<std::uint32_t> heads_;  ///< by key: 1 + index of its newest pending, 0 = none
  std::vector<Pending> pending_;
  Staged staged_;  ///< sums that the checkpoint on its way writes
  boost::unordered_flat_map<BucketKey, Stored, Hash> cache_;
  std::uint32_t end_ = 0;        ///< no stored bucket has this minute or a later one
  std::uint32_t next_end_ = 0;   ///< once what is pending is stored
  std::uint32_t swept_end_ = 0;  ///< end_ when the cache was last swept
};

/// Whole chunks that are too old at `now`.
Result<void> add_series_expiry(const Database& database, WallTime now, Batch& batch);

}  // namespace tallygate::store
