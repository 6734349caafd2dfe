#include "store/journal_reader.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "store/bytes.h"
#include "store/record_codec.h"
#include "store/rocksdb/database.h"
#include "store/tally_book.h"

namespace tallygate::store {
namespace {

namespace fs = std::filesystem;

/// A primary may delete files between two steps of an open; then the next try sees the new ones.
constexpr int kOpenTries = 5;

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
};

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
  const Uuid first = filter.since ? first_uuid_at(*filter.since) : Uuid{};
  const Uuid end = filter.until ? first_uuid_at(*filter.until) : Uuid{};
  std::uint64_t count = 0;
  std::optional<Error> error;
  const auto visit = [&](std::string_view key, std::string_view value) {
    if (key.size() != sizeof(Uuid)) {
      error = make_error(Errc::storage_corrupt, "journal: a record's key is no request id");
      return false;
    }
    const auto record = decode_record(uuid_of(key), value);
    if (!record) {
      error = record.error();
      return false;
    }
    if (!filter.route.empty() && record->route != route) return true;
    ++count;
    return each(*record);
  };
  const auto scanned =
      state_->database->scan(Family::records, filter.since ? first.view() : std::string_view{},
                             filter.until ? end.view() : std::string_view{}, visit);
  if (!scanned) return scanned.error();
  if (error) return *error;
  return count;
}

Result<router::Record> JournalReader::find(const Uuid& id) const {
  return state_->database->find(id);
}

Result<TallySet> JournalReader::tallies() const {
  TallyBook book(false);
  if (auto loaded = book.load(*state_->database); !loaded) return loaded.error();
  return book.copy();
}

}  // namespace tallygate::store
