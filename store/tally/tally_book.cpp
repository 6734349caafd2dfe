#include "store/tally/tally_book.h"

#include <algorithm>
#include <chrono>

#include "store/bytes.h"
#include "store/journal/codec/batch_codec.h"
#include "store/journal/codec/record_codec.h"

namespace tallygate::store {
namespace {

/// Retention and scans from a time are as exact as this; entries are few.
constexpr std::chrono::minutes kTimeInterval{1};

Error broken(std::string_view what) {
  return make_error(Errc::storage_corrupt,
                    "journal: " + std::string(what) +
                        "; restore it from a backup, or start once with "
                        "--quarantine-corrupt: it is moved aside and a new one begins");
}

}  // namespace

Result<void> TallyBook::load(const Database& database, PendingIndex* index) {
  const auto checkpoint = database.meta(kCheckpointKey);
  if (!checkpoint) return checkpoint.error();
  last_batch_ = checkpoint_ = *checkpoint;
  const auto newest = database.meta(kNewestKey);
  if (!newest) return newest.error();
  newest_ = WallTime{std::chrono::microseconds{static_cast<std::int64_t>(*newest)}};
  if (auto loaded = load_tallies(database); !loaded) return loaded;
  if (auto loaded = series_.load(database); !loaded) return loaded;
  if (auto loaded = units_.load(database); !loaded) return loaded;
  auto replayed = replay_log(database, index);
  raise_started();
  return replayed;
}

/// What ended was started, also if a crash took the count.
void TallyBook::raise_started() {
  for (std::uint32_t i = 0; i < keys_.size(); ++i) {
    router::Tally& tally = entries_[i].tally;
    const bool is_low =
        keys_[i].kind == router::TallyKey::Kind::variant && tally.started < tally.requests();
    if (is_low) change(i).started = tally.requests();
  }
}

Result<void> TallyBook::load_tallies(const Database& database) {
  std::optional<Error> error;
  const auto visit = [&](std::string_view key_bytes, std::string_view bytes) {
    const auto key = router::decode_tally_key(key_bytes);
    auto tally = router::Tally::decode(bytes);
    if (!key || !tally || !key_bytes.empty() || !bytes.empty()) {
      error = broken("a stored tally does not decode");
      return false;
    }
    if (key->kind == router::TallyKey::Kind::performance) total_.merge(*tally);
    entries_[find_or_add(*key)].tally = std::move(*tally);
    return true;
  };
  if (auto scanned = database.scan(Family::tallies, {}, {}, visit); !scanned) return scanned;
  if (error) return *error;
  return {};
}

Result<void> TallyBook::replay_log(const Database& database, PendingIndex* index) {
  std::uint64_t first = checkpoint_;
  std::uint64_t indexed = UINT64_MAX;
  if (index != nullptr) {
    const auto stored = database.meta(kIndexedKey);
    if (!stored) return stored.error();
    indexed = *stored;
    first = std::min(first, indexed);
  }
  Result<void> replayed;
  const auto visit = [&](std::string_view key, std::string_view records) {
    if (key.size() != sizeof(std::uint64_t)) {
      replayed = broken("an entry of its log is broken");
      return false;
    }
    const auto number = from_big_endian<std::uint64_t>(key);
    if (number > checkpoint_ && number != last_batch_ + 1) {
      replayed = broken("its log has a gap before batch " + std::to_string(number));
      return false;
    }
    replayed = replay_batch(number, records, number > indexed ? index : nullptr);
    return replayed.has_value();
  };
  auto scanned = database.scan(Family::log, big_endian(first + 1), {}, visit);
  return scanned ? replayed : scanned;
}

Result<void> TallyBook::replay_batch(std::uint64_t number, std::string_view records,
                                     PendingIndex* index) {
  while (!records.empty()) {
    const auto stored = take_record(records);
    const auto record = stored ? decode_record(stored->id, stored->bytes) : stored.error();
    if (!record) {
      return broken("a record of its log cannot be read (" + record.error().message + ")");
    }
    if (number > checkpoint_) fold(*record);
    if (index != nullptr) index->add(*record, number);
  }
  if (number > checkpoint_) end_batch(number);
  return {};
}

std::uint32_t TallyBook::find_or_add(const router::TallyKey& key) {
  const auto next = static_cast<std::uint32_t>(keys_.size());
  const auto [at, is_new] = indexes_.try_emplace(key, next);
  if (is_new) {
    keys_.push_back(key);
    entries_.emplace_back();
  }
  return at->second;
}

void TallyBook::fold(const router::Record& record) {
  newest_ = std::max(newest_, time_of(record.id));
  const std::uint32_t minute = minute_of_end(record);
  const router::TallyKeys keys = router::keys_of(record);
  for (int i = 0; i < keys.count; ++i) {
    const auto& key = keys.keys[static_cast<std::size_t>(i)];
    const std::uint32_t index = find_or_add(key);
    change(index).fold(record, key.kind);
    if (key.kind == router::TallyKey::Kind::performance) total_.fold(record);
    series_.fold(index, minute, record);
  }
  if (record.attempts.size() > 1) fold_failovers(record, minute);
  units_.fold(record);
}

void TallyBook::fold_started(const router::TallyKey& key, std::uint64_t count) {
  change(find_or_add(key)).started += count;
}

router::Tally& TallyBook::change(std::uint32_t index) {
  Entry& entry = entries_[index];
  if (!entry.dirty) dirty_.push_back(index);
  entry.dirty = true;
  return entry.tally;
}

void TallyBook::fold_failovers(const router::Record& record, std::uint32_t minute) {
  for (std::size_t i = 0; i < record.attempts.size(); ++i) {
    const auto key = router::failover_key(record, i);
    if (!key) continue;
    const std::uint32_t index = find_or_add(*key);
    change(index).fold_failover();
    if (key->kind == router::TallyKey::Kind::performance) total_.fold_failover();
    series_.fold_failover(index, minute);
  }
}

bool TallyBook::is_time_due() const { return !timed_ || newest_ - *timed_ >= kTimeInterval; }

Result<void> TallyBook::add_checkpoint(const Database& database, Batch& batch) {
  for (const auto index : dirty_) batch.add_tally(database, keys_[index], entries_[index].tally);
  if (auto added = series_.add_checkpoint(database, keys_, batch); !added) return added;
  units_.add_checkpoint(database, batch);
  batch.add_checkpoint(database, last_batch_, newest_);
  if (is_time_due()) batch.add_time(database, last_batch_, newest_);
  return {};
}

void TallyBook::after_checkpoint() {
  for (const auto index : dirty_) entries_[index].dirty = false;
  dirty_.clear();
  series_.after_checkpoint();
  units_.after_checkpoint();
  if (is_time_due()) timed_ = newest_;
  checkpoint_ = last_batch_;
}

std::uint64_t TallyBook::record_count() const {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    // Every record counts under exactly one of the others.
    if (keys_[i].kind != router::TallyKey::Kind::variant) count += entries_[i].tally.requests();
  }
  return count;
}

template <class Visit>
void TallyBook::for_each(const router::TallyFilter& filter, const Visit& visit) const {
  for (std::uint32_t i = 0; i < keys_.size(); ++i) {
    if (filter.matches(keys_[i])) visit(i);
  }
}

TallySet TallyBook::copy(const router::TallyFilter& filter) const {
  TallySet set;
  set.last_batch = last_batch_;
  for_each(filter, [&](std::uint32_t i) { set.entries.emplace_back(keys_[i], entries_[i].tally); });
  return set;
}

TallySet TallyBook::copy_at(std::span<const router::TallyKey> keys) const {
  TallySet set;
  set.last_batch = last_batch_;
  for (const router::TallyKey& key : keys) {
    const auto known = indexes_.find(key);
    if (known != indexes_.end()) set.entries.emplace_back(key, entries_[known->second].tally);
  }
  return set;
}

TotalsSet TallyBook::totals(const router::TallyFilter& filter) const {
  TotalsSet set;
  set.last_batch = last_batch_;
  for_each(filter, [&](std::uint32_t i) {
    set.entries.emplace_back(keys_[i], entries_[i].tally.totals());
  });
  return set;
}

std::vector<router::TallyKey> TallyBook::keys(const router::TallyFilter& filter) const {
  std::vector<router::TallyKey> keys;
  for_each(filter, [&](std::uint32_t i) { keys.push_back(keys_[i]); });
  return keys;
}

void TallyBook::add_pending(const router::TallyFilter& filter, Resolution resolution,
                            std::uint32_t first, std::uint32_t last, SeriesSums& sums) const {
  for_each(filter, [&](std::uint32_t i) { series_.add_pending(i, resolution, first, last, sums); });
}

Result<void> load_names(const Database& database, Names& names) {
  std::optional<Error> error;
  router::NameId expected = 1;
  const auto visit = [&](std::string_view key, std::string_view text) {
    const auto id = key.size() == sizeof(router::NameId) ? from_big_endian<router::NameId>(key) : 0;
    if (id != expected++ || text.empty()) {
      error = broken("its dictionary of names has a gap");
      return false;
    }
    if (id > names.size()) {
      names.restore(id, text);
    } else if (names.text(id) != text) {
      error =
          make_error(Errc::internal, "the table of names was used before the journal filled it");
      return false;
    }
    return true;
  };
  if (auto scanned = database.scan(Family::names, {}, {}, visit); !scanned) return scanned;
  if (error) return *error;
  return {};
}

}  // namespace tallygate::store
