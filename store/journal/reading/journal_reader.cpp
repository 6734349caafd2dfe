#include "store/journal/reading/journal_reader.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "store/bytes.h"
#include "store/journal/codec/batch_codec.h"
#include "store/journal/codec/record_codec.h"
#include "store/rocksdb/database.h"
#include "store/tally/tally_book.h"

namespace tallygate::store {
namespace {

namespace fs = std::filesystem;

/// A primary may delete files between two steps of an open; then the next try sees the new ones.
constexpr int kOpenTries = 5;

/// False to stop.
using Next = Result<bool>;
using Visit = std::function<Next(std::uint64_t batch, const StoredRecord& stored)>;

/// A directory of its own that goes when its owner goes.
class Scratch {
 public:
  Scratch() {
    std::error_code ec;
    std::string pattern = (fs::temp_directory_path(ec) / "tallygate-journal-XXXXXX").string();
    if (!ec && mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

struct JournalReader::State {
  Scratch scratch;
  std::unique_ptr<Database> database;  // before scratch goes, this does
  Names names;

  /// Every record of the batches from `first` on, in commit order.
  Result<void> scan_from(std::uint64_t first, const Visit& visit) const;
};

Result<void> JournalReader::State::scan_from(std::uint64_t first, const Visit& visit) const {
  Result<void> result;
  const auto visit_batch = [&](std::string_view key, std::string_view records) {
    if (key.size() != sizeof(std::uint64_t)) {
      result = make_error(Errc::storage_corrupt, "journal: an entry of its log is broken");
      return false;
    }
    const auto number = from_big_endian<std::uint64_t>(key);
    while (!records.empty()) {
      const auto stored = take_record(records);
      const auto next = stored ? visit(number, *stored) : stored.error();
      if (!next) result = next.error();
      if (!next || !*next) return false;
    }
    return true;
  };
  auto scanned = database->scan(Family::log, big_endian(first), {}, visit_batch);
  return scanned ? result : scanned;
}

JournalReader::JournalReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
JournalReader::~JournalReader() = default;

Result<std::unique_ptr<JournalReader>> JournalReader::open(const std::string& path) {
  std::error_code ec;
  if (!fs::exists(fs::path(path) / "CURRENT", ec)) {
    return make_error(Errc::storage_unavailable,
                      "no journal at '" + path + "'" + (ec ? " (" + ec.message() + ")" : "") +
                          ": expected the directory of its database, with a file CURRENT in it");
  }
  auto state = std::make_unique<State>();
  if (state->scratch.path().empty()) {
    return make_error(Errc::storage_unavailable,
                      "cannot make a directory for temporary files; set TMPDIR to a place that "
                      "can be written");
  }
  for (int tries = 1; state->database == nullptr; ++tries) {
    auto opened = Database::open_secondary(path, state->scratch.path());
    if (opened) {
      state->database = std::move(*opened);
    } else if (tries == kOpenTries) {
      return opened.error();
    }
  }
  if (auto loaded = load_names(*state->database, state->names); !loaded) return loaded.error();
  return std::unique_ptr<JournalReader>(new JournalReader(std::move(state)));
}

const Names& JournalReader::names() const { return state_->names; }

Result<std::uint64_t> JournalReader::scan(
    const JournalFilter& filter, const std::function<bool(const router::Record&)>& each) const {
  const router::NameId route = state_->names.find(filter.route);
  if (!filter.route.empty() && route == 0) return std::uint64_t{0};
  const auto purged = state_->database->purged();
  if (!purged) return purged.error();
  const WallTime since = std::max(*purged, filter.since.value_or(WallTime{}));
  const auto before = state_->database->last_batch_before(since);
  if (!before) return before.error();
  std::uint64_t count = 0;
  const auto scanned =
      state_->scan_from(*before + 1, [&](std::uint64_t, const StoredRecord& stored) -> Next {
        const WallTime made = time_of(stored.id);
        if (made < since || (filter.until && made >= *filter.until)) return true;
        const auto record = decode_record(stored.id, stored.bytes);
        if (!record) return record.error();
        if (!filter.route.empty() && record->route != route) return true;
        ++count;
        return each(*record);
      });
  if (!scanned) return scanned.error();
  return count;
}

Result<router::Record> JournalReader::find(const Uuid& id) const {
  const auto query = RecordQuery::by_id(id);
  const auto indexed = state_->database->meta(kIndexedKey);
  if (!indexed) return indexed.error();
  std::vector<std::uint64_t> pending;  // the writer has an index of these in memory
  const auto visit = [&](std::uint64_t batch, const StoredRecord& stored) -> Next {
    if (stored.id == id) pending.push_back(batch);
    return pending.empty();
  };
  if (auto scanned = state_->scan_from(*indexed + 1, visit); !scanned) return scanned.error();
  return state_->database->find(query, pending);
}

Result<TallySet> JournalReader::tallies() const {
  TallyBook book;
  if (auto loaded = book.load(*state_->database, nullptr); !loaded) return loaded.error();
  return book.copy({});
}

}  // namespace tallygate::store
