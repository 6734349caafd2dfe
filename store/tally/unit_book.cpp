#include "store/tally/unit_book.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "store/bytes.h"

namespace tallygate::store {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kFrozen = 1;
constexpr std::uint8_t kHasSet = 2;
constexpr std::uint8_t kHasEstimate = 4;
constexpr std::uint64_t kOneUnit = std::uint64_t{1} << router::DistinctCount::kFractionBits;
constexpr std::size_t kHeadBytes = 1 + 1 + 4 + 4;
constexpr std::size_t kArmBytes = 4 + 1 + 8;
constexpr std::size_t kExperimentKeyBytes = sizeof(router::NameId);
constexpr std::size_t kUnitKeyBytes = kExperimentKeyBytes + sizeof(std::uint64_t);

Error broken() {
  return make_error(Errc::storage_corrupt,
                    "journal: its units of an experiment do not decode; restore it from a backup, "
                    "or start once with --quarantine-corrupt: it is moved aside");
}

template <class T>
void put(std::string& out, T value) {
  char bytes[sizeof value];
  put_little(bytes, value);
  out.append(bytes, sizeof bytes);
}

}  // namespace

void UnitBook::open(Experiment& experiment) {
  experiment.frozen = false;
  experiment.dirty = true;
  experiment.has_set = set_count_ < kMaxExactExperiments;
  set_count_ += experiment.has_set ? 1 : 0;
}

void UnitBook::fold(const router::Record& record) {
  if (record.experiment == 0 || record.mirrored || record.unit_hash == 0) return;
  const auto [at, is_new] = experiments_.try_emplace(record.experiment);
  Experiment& experiment = at->second;
  if (experiment.frozen && record.epoch <= experiment.last_epoch) return;
  if (is_new || experiment.frozen) open(experiment);
  if (record.epoch > experiment.last_epoch) {
    experiment.last_epoch = record.epoch;
    experiment.dirty = true;
  }
  const std::uint64_t gain = see(experiment, record);
  if (gain == 0) return;
  experiment.dirty = true;
  auto& arms = experiment.arms;
  const auto arm = std::find_if(arms.rbegin(), arms.rend(), [&](const UnitCounts::Arm& known) {
    return known.epoch == record.epoch && known.variant == record.variant;
  });
  if (arm != arms.rend()) {
    arm->units += gain;
  } else {
    arms.push_back({record.epoch, record.variant, gain});
  }
}

std::uint64_t UnitBook::see(Experiment& experiment, const router::Record& record) {
  if (experiment.has_set) {
    if (experiment.seen.contains(record.unit_hash)) return 0;
    if (experiment.seen.size() < kMaxExactUnits) {
      experiment.seen.insert(record.unit_hash);
      new_units_.push_back({record.experiment, record.epoch, record.unit_hash, record.variant});
      return kOneUnit;
    }
  }
  experiment.has_estimate = true;
  return experiment.beyond.add(record.unit_hash);
}

UnitCounts UnitBook::counts(router::NameId name) const {
  UnitCounts counts;
  const auto at = experiments_.find(name);
  if (at == experiments_.end()) return counts;
  counts.exact = !at->second.has_estimate;
  counts.frozen = at->second.frozen;
  counts.arms = at->second.arms;
  for (auto& arm : counts.arms) arm.units = (arm.units + kOneUnit / 2) / kOneUnit;
  std::sort(counts.arms.begin(), counts.arms.end(), [](const auto& a, const auto& b) {
    return std::tie(a.epoch, a.variant) < std::tie(b.epoch, b.variant);
  });
  return counts;
}

void UnitBook::forget(router::NameId name) {
  const auto at = experiments_.find(name);
  if (at == experiments_.end() || at->second.frozen) return;
  Experiment& experiment = at->second;
  set_count_ -= experiment.has_set ? 1 : 0;
  experiment.frozen = true;
  experiment.has_set = false;
  experiment.dirty = true;
  experiment.erase = true;
  experiment.seen = {};
  experiment.beyond = {};
  std::erase_if(new_units_, [&](const NewUnit& unit) { return unit.experiment == name; });
}

void UnitBook::add_checkpoint(const Database& database, Batch& batch) const {
  std::string value;
  for (const auto& [name, experiment] : experiments_) {
    if (!experiment.dirty) continue;
    const std::string key = big_endian(name);
    if (experiment.erase) {
      batch.erase_range(database, Family::units, key + '\0', key + std::string(9, '\xFF'));
    }
    value.clear();
    encode(experiment, value);
    batch.put(database, Family::units, key, value);
  }
  for (const NewUnit& unit : new_units_) {
    value.clear();
    put(value, unit.variant);
    put(value, unit.epoch);
    batch.put(database, Family::units, big_endian(unit.experiment) + big_endian(unit.unit_hash),
              value);
  }
}

void UnitBook::after_checkpoint() {
  for (auto& [name, experiment] : experiments_) experiment.dirty = experiment.erase = false;
  new_units_.clear();
}

void UnitBook::encode(const Experiment& experiment, std::string& out) {
  put(out, kVersion);
  put(out, static_cast<std::uint8_t>((experiment.frozen ? kFrozen : 0) |
                                     (experiment.has_set ? kHasSet : 0) |
                                     (experiment.has_estimate ? kHasEstimate : 0)));
  put(out, experiment.last_epoch);
  put(out, static_cast<std::uint32_t>(experiment.arms.size()));
  for (const auto& arm : experiment.arms) {
    put(out, arm.epoch);
    put(out, arm.variant);
    put(out, arm.units);
  }
  if (experiment.has_estimate) experiment.beyond.encode(out);
}

Result<UnitBook::Experiment> UnitBook::decode(std::string_view bytes) {
  if (bytes.size() < kHeadBytes) return broken();
  const char* at = bytes.data();
  if (take_little<std::uint8_t>(at) != kVersion) return broken();
  const auto flags = take_little<std::uint8_t>(at);
  Experiment experiment;
  experiment.frozen = (flags & kFrozen) != 0;
  experiment.has_set = (flags & kHasSet) != 0;
  experiment.has_estimate = (flags & kHasEstimate) != 0;
  experiment.last_epoch = take_little<std::uint32_t>(at);
  const auto arms = take_little<std::uint32_t>(at);
  bytes.remove_prefix(kHeadBytes);
  if (bytes.size() / kArmBytes < arms) return broken();
  for (std::uint32_t i = 0; i < arms; ++i) {
    UnitCounts::Arm& arm = experiment.arms.emplace_back();
    arm.epoch = take_little<std::uint32_t>(at);
    arm.variant = take_little<std::uint8_t>(at);
    arm.units = take_little<std::uint64_t>(at);
  }
  bytes.remove_prefix(arms * kArmBytes);
  if (experiment.has_estimate) {
    auto beyond = router::DistinctCount::decode(bytes);
    if (!beyond) return broken();
    experiment.beyond = *std::move(beyond);
  }
  if (!bytes.empty()) return broken();
  return experiment;
}

Result<void> UnitBook::load_entry(std::string_view key, std::string_view value) {
  if (key.size() != kExperimentKeyBytes && key.size() != kUnitKeyBytes) return broken();
  const auto name = from_big_endian<router::NameId>(key.substr(0, kExperimentKeyBytes));
  if (key.size() == kExperimentKeyBytes) {
    auto experiment = decode(value);
    if (!experiment) return experiment.error();
    set_count_ += experiment->has_set ? 1 : 0;
    experiments_.insert_or_assign(name, *std::move(experiment));
    return {};
  }
  const auto at = experiments_.find(name);  // its own entry sorts before those of its units
  if (at == experiments_.end() || !at->second.has_set) return broken();
  at->second.seen.insert(from_big_endian<std::uint64_t>(key.substr(kExperimentKeyBytes)));
  return {};
}

Result<void> UnitBook::load(const Database& database) {
  Result<void> loaded;
  const auto visit = [&](std::string_view key, std::string_view value) {
    loaded = load_entry(key, value);
    return loaded.has_value();
  };
  auto scanned = database.scan(Family::units, {}, {}, visit);
  return scanned ? loaded : scanned;
}

}  // namespace tallygate::store
