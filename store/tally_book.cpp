#include "store/tally_book.h"

#include <optional>

#include "store/bytes.h"

namespace tallygate::store {
namespace {

Error broken(std::string_view what) {
  return make_error(Errc::storage_corrupt, "journal: " + std::string(what) +
                                               "; restore it from a backup, or move the directory "
                                               "aside and start again with an empty one");
}

}  // namespace

Result<void> TallyBook::load(const Database& database) {
  entries_.clear();
  dirty_.clear();
  index_.clear();
  const auto checkpoint = database.checkpoint();
  if (!checkpoint) return checkpoint.error();
  last_batch_ = checkpoint_ = *checkpoint;
  if (auto loaded = load_tallies(database); !loaded) return loaded;
  return replay_log(database);
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
    entries_[*key].tally = std::move(*tally);
    return true;
  };
  if (auto scanned = database.scan(Family::tallies, {}, {}, visit); !scanned) return scanned;
  if (error) return *error;
  return {};
}

Result<void> TallyBook::replay_log(const Database& database) {
  std::optional<Error> error;
  const auto visit = [&](std::string_view key, std::string_view ids) {
    if (key.size() != sizeof(std::uint64_t) || ids.size() % sizeof(Uuid) != 0) {
      error = broken("an entry of its log is broken");
      return false;
    }
    for (; !ids.empty(); ids.remove_prefix(sizeof(Uuid))) {
      const auto record = database.find(uuid_of(ids.substr(0, sizeof(Uuid))));
      if (!record) {
        error = broken("a record of its log cannot be read (" + record.error().message + ")");
        return false;
      }
      fold(*record);
    }
    end_batch(from_big_endian<std::uint64_t>(key));
    return true;
  };
  auto scanned = database.scan(Family::log, big_endian(checkpoint_ + 1), {}, visit);
  if (!scanned) return scanned;
  if (error) return *error;
  return {};
}

void TallyBook::fold(const router::Record& record) {
  if (indexes_ && !record.response_id.empty()) index_.add(record.response_id, record.id);
  const router::TallyKeys keys = router::keys_of(record);
  for (int i = 0; i < keys.count; ++i) {
    const auto& key = keys.keys[static_cast<std::size_t>(i)];
    Entry& entry = entries_[key];
    entry.tally.fold(record);
    if (entry.dirty) continue;
    entry.dirty = true;
    dirty_.push_back(key);
  }
}

void TallyBook::add_checkpoint(const Database& database, Batch& batch) {
  index_.add_to(database, batch);
  for (const auto& key : dirty_) batch.add_tally(database, key, entries_.find(key)->second.tally);
  batch.add_checkpoint(database, last_batch_);
  if (is_trim_due()) batch.trim_log(database, trimmed_ + 1, last_batch_);
}

void TallyBook::after_checkpoint() {
  for (const auto& key : dirty_) entries_.find(key)->second.dirty = false;
  dirty_.clear();
  index_.clear();
  if (is_trim_due()) trimmed_ = last_batch_;
  checkpoint_ = last_batch_;
}

std::uint64_t TallyBook::record_count() const {
  std::uint64_t count = 0;
  for (const auto& [key, entry] : entries_) {
    // Every record counts under exactly one of these.
    if (key.kind == router::TallyKey::Kind::performance) count += entry.tally.requests();
  }
  return count;
}

TallySet TallyBook::copy() const {
  TallySet set;
  set.last_batch = last_batch_;
  set.entries.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) set.entries.emplace_back(key, entry.tally);
  return set;
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
