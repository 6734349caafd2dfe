#pragma once
// Which units each experiment has seen, and where each was seen first: a fold of the journal in
// commit order. Exact for the first 100,000 units of an experiment; what comes after is counted by
// router::DistinctCount (standard error 0.65 % of those beyond). A unit counts once per experiment,
// under the epoch and arm of its first exposure, also if a later epoch moves it to another arm.
//
// At most kMaxExactExperiments have a set of their units in memory (1 to 2 MB each when full);
// further ones are counted by DistinctCount alone (16 KiB) until others are forgotten. Forgetting
// freezes the counts and frees the set; a record of a later epoch starts a new one, to which all
// units are new. Shadow copies and records without a unit do not count. Not thread-safe.

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "router/tally/distinct_count.h"
#include "store/rocksdb/batch.h"
#include "store/rocksdb/database.h"
#include "store/tally/unit_counts.h"

namespace tallygate::store {

class UnitBook {
 public:
  static constexpr std::size_t kMaxExactUnits = 100'000;
  static constexpr std::size_t kMaxExactExperiments = 64;

  Result<void> load(const Database& database);
  void fold(const router::Record& record);
  UnitCounts counts(router::NameId experiment) const;
  void forget(router::NameId experiment);

  /// True when so many units are new that the next checkpoint would hold up the journal.
  bool is_checkpoint_urgent() const { return new_units_.size() >= kUrgentUnits; }
  void add_checkpoint(const Database& database, Batch& batch) const;
  /// What add_checkpoint() added is written.
  void after_checkpoint();

 private:
  static constexpr std::size_t kUrgentUnits = 8192;

  /// The hashes are XXH3 already.
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(std::uint64_t unit_hash) const { return unit_hash; }
  };
  struct Experiment {
    bool frozen = false;
    bool has_set = false;
    bool has_estimate = false;
    bool dirty = false;
    bool erase = false;  ///< its stored units, by the next checkpoint
    std::uint32_t last_epoch = 0;
    std::vector<UnitCounts::Arm> arms;  ///< units in 1/65536
    boost::unordered_flat_set<std::uint64_t, Hash> seen;
    router::DistinctCount beyond;
  };
  struct NewUnit {
    router::NameId experiment = 0;
    std::uint32_t epoch = 0;
    std::uint64_t unit_hash = 0;
    std::uint8_t variant = 0;
  };

  /// What the count of units grows by, in 1/65536.
  std::uint64_t see(Experiment& experiment, const router::Record& record);
  void open(Experiment& experiment);
  Result<void> load_entry(std::string_view key, std::string_view value);
  static Result<Experiment> decode(std::string_view bytes);
  static void encode(const Experiment& experiment, std::string& out);

  boost::unordered_flat_map<router::NameId, Experiment> experiments_;
  std::vector<NewUnit> new_units_;  ///< since the last checkpoint
  std::size_t set_count_ = 0;
};

}  // namespace tallygate::store
