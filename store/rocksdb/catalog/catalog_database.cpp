#include "store/rocksdb/catalog/catalog_database.h"

#include <algorithm>

#include "store/bytes.h"
#include "store/rocksdb/bounded_read.h"
#include "store/rocksdb/errors.h"

namespace tallygate::store {
namespace {

constexpr std::uint64_t kFormat = 1;
constexpr const char* kFormatKey = "format";
constexpr const char* kName = "catalog";

}  // namespace

Result<std::unique_ptr<CatalogDatabase>> CatalogDatabase::open(
    const CatalogOptions& options, Mode mode, FolderMustBe folder,
    std::shared_ptr<BackgroundState> background) {
  if (auto ready = prepare_directory(options.path, kName, folder); !ready) return ready.error();
  std::unique_ptr<CatalogDatabase> database(new CatalogDatabase);
  std::vector<::rocksdb::ColumnFamilyHandle*> handles;
  ::rocksdb::DB* engine = nullptr;
  auto settings = catalog_db_options(options, std::move(background));
  settings.create_if_missing = folder == FolderMustBe::writable;
  const auto status =
      mode == Mode::read_write
          ? ::rocksdb::DB::Open(settings, options.path, catalog_families(), &handles, &engine)
          : ::rocksdb::DB::OpenForReadOnly(settings, options.path, catalog_families(), &handles,
                                           &engine);
  if (!status.ok()) return error_of_open(status, options.path, kName);
  database->engine_.reset(engine);
  std::copy(handles.begin(), handles.end(), database->families_.begin());
  if (auto known = database->check_format(options, mode); !known) return known.error();
  return database;
}

Result<void> CatalogDatabase::check_format(const CatalogOptions& options, Mode mode) {
  const auto format = counter(kFormatKey);
  if (!format) return format.error();
  if (*format == 0 && mode == Mode::read_write) {
    const auto put = engine_->Put(catalog_write_options(), family(CatalogFamily::meta), kFormatKey,
                                  big_endian(kFormat));
    if (!put.ok()) return error_of_open(put, options.path, kName);
  } else if (*format > kFormat) {
    return make_error(Errc::storage_corrupt,
                      "catalog '" + options.path + "': it has format " + std::to_string(*format) +
                          ", this tallygate reads " + std::to_string(kFormat) +
                          "; use the tallygate that wrote it");
  }
  return {};
}

CatalogDatabase::~CatalogDatabase() {
  if (engine_ == nullptr) return;
  for (auto* family : families_) {
    if (family != nullptr) engine_->DestroyColumnFamilyHandle(family);
  }
  engine_->Close().PermitUncheckedError();
}

CatalogDatabase::Value CatalogDatabase::get(CatalogFamily which, std::string_view key,
                                            const ::rocksdb::Snapshot* snapshot) const {
  ::rocksdb::ReadOptions options = BoundedRead(*engine_).options();
  options.snapshot = snapshot;
  std::string value;
  const auto status = engine_->Get(options, family(which), slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return error_of(status, "reading", kName);
  return std::optional(std::move(value));
}

Result<std::uint64_t> CatalogDatabase::counter(const char* key) const {
  const auto value = get(CatalogFamily::meta, key);
  if (!value) return value.error();
  if (!*value) return std::uint64_t{0};
  if ((**value).size() != sizeof(std::uint64_t)) {
    return make_error(Errc::storage_corrupt, std::string("catalog: its counter '") + key +
                                                 "' has " + std::to_string((**value).size()) +
                                                 " bytes, expected 8; restore it from a backup");
  }
  return from_big_endian<std::uint64_t>(**value);
}

}  // namespace tallygate::store
