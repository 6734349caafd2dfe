#include "store/rocksdb/database.h"

#include <rocksdb/convenience.h>

#include <algorithm>

#include "store/bytes.h"
#include "store/rocksdb/errors.h"
#include "store/rocksdb/info_log.h"

namespace tallygate::store {
namespace {

constexpr std::uint32_t kFormat = 2;
constexpr std::string_view kFormatKey = "format";

Result<std::string> read_meta(::rocksdb::DB& engine, ::rocksdb::ColumnFamilyHandle* family,
                              std::string_view key, std::size_t bytes) {
  std::string value;
  const auto status = engine.Get(::rocksdb::ReadOptions(), family,
                                 ::rocksdb::Slice(key.data(), key.size()), &value);
  if (status.IsNotFound()) return std::string(bytes, '\0');
  if (!status.ok()) return error_of(status, "reading its " + std::string(key));
  if (value.size() != bytes) {
    return make_error(Errc::storage_corrupt, "journal: its " + std::string(key) + " has " +
                                                 std::to_string(value.size()) +
                                                 " bytes, expected " + std::to_string(bytes));
  }
  return value;
}

Result<std::uint32_t> read_format(Database& database) {
  auto value = read_meta(database.engine(), database.family(Family::meta), kFormatKey,
                         sizeof(std::uint32_t));
  if (!value) return value.error();
  return from_big_endian<std::uint32_t>(*value);
}

Error wrong_format(const std::string& path, std::uint32_t format) {
  return make_error(Errc::storage_corrupt, "journal '" + path + "': it has format " +
                                               std::to_string(format) + ", this tallygate reads " +
                                               std::to_string(kFormat) +
                                               "; use the tallygate that wrote it");
}

::rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

Result<std::unique_ptr<Database>> Database::open_primary(const JournalOptions& options,
                                                         DatabaseParts parts) {
  if (auto ready = prepare_directory(options.path, "journal", parts.folder); !ready) {
    return ready.error();
  }
  const auto cache = make_journal_cache();
  std::unique_ptr<Database> database(new Database);
  std::vector<::rocksdb::ColumnFamilyHandle*> handles;
  ::rocksdb::DB* engine = nullptr;
  auto settings = journal_db_options(options, cache, std::move(parts.background));
  settings.sst_file_manager = std::move(parts.quota);
  settings.create_if_missing = parts.folder == FolderMustBe::writable;
  const auto status = ::rocksdb::DB::Open(
      settings, options.path, journal_families(options, cache, std::move(parts.retention)),
      &handles, &engine);
  if (!status.ok()) return error_of_open(status, options.path);
  database->engine_.reset(engine);
  std::copy(handles.begin(), handles.end(), database->families_.begin());

  const auto format = read_format(*database);
  if (!format) return format.error();
  if (*format == 0) {
    const auto put = engine->Put(journal_write_options(), database->family(Family::meta),
                                 slice(kFormatKey), big_endian(kFormat));
    if (!put.ok()) return error_of_open(put, options.path);
  } else if (*format != kFormat) {
    return wrong_format(options.path, *format);
  }
  return database;
}

Result<std::unique_ptr<Database>> Database::open_secondary(const std::string& path,
                                                           const std::string& scratch) {
  JournalOptions options;
  options.path = path;
  const auto cache = make_journal_cache();
  auto settings = journal_db_options(options, cache, std::make_shared<BackgroundState>());
  settings.max_open_files = -1;  // the primary may delete what is not held open
  settings.info_log = make_info_log(scratch);
  settings.create_if_missing = false;
  settings.create_missing_column_families = false;
  std::unique_ptr<Database> database(new Database);
  std::vector<::rocksdb::ColumnFamilyHandle*> handles;
  ::rocksdb::DB* engine = nullptr;
  auto status = ::rocksdb::DB::OpenAsSecondary(
      settings, path, scratch,
      journal_families(options, cache, std::make_shared<RetentionFilterFactory>()), &handles,
      &engine);
  if (!status.ok()) return error_of_open(status, path);
  database->engine_.reset(engine);
  std::copy(handles.begin(), handles.end(), database->families_.begin());
  status = engine->TryCatchUpWithPrimary();
  if (!status.ok()) return error_of_open(status, path);
  const auto format = read_format(*database);
  if (!format) return format.error();
  if (*format != kFormat) return wrong_format(path, *format);
  return database;
}

Database::~Database() {
  if (engine_ == nullptr) return;
  for (auto* family : families_) {
    if (family != nullptr) engine_->DestroyColumnFamilyHandle(family);
  }
  engine_->Close().PermitUncheckedError();
}

Result<std::uint64_t> Database::meta(const char* key) const {
  auto value = read_meta(*engine_, family(Family::meta), key, sizeof(std::uint64_t));
  if (!value) return value.error();
  return from_big_endian<std::uint64_t>(*value);
}

Result<WallTime> Database::purged() const {
  const auto micros = meta(kPurgedKey);
  if (!micros) return micros.error();
  return WallTime{std::chrono::microseconds{static_cast<std::int64_t>(*micros)}};
}

Result<void> Database::delete_log_up_to(std::uint64_t last) {
  const std::string end = big_endian(last);
  const ::rocksdb::Slice bound(end);
  const auto status =
      ::rocksdb::DeleteFilesInRange(engine_.get(), family(Family::log), nullptr, &bound, true);
  if (!status.ok()) return error_of(status, "deleting files past their retention");
  return {};
}

Result<void> Database::scan(Family which, std::string_view first, std::string_view end,
                            const Visit& visit) const {
  auto options = journal_scan_options();
  const auto bound = slice(end);
  if (!end.empty()) options.iterate_upper_bound = &bound;
  const std::unique_ptr<::rocksdb::Iterator> at(engine_->NewIterator(options, family(which)));
  for (at->Seek(slice(first)); at->Valid(); at->Next()) {
    if (!visit(at->key().ToStringView(), at->value().ToStringView())) break;
  }
  if (!at->status().ok()) return error_of(at->status(), "scanning");
  return {};
}

}  // namespace tallygate::store
