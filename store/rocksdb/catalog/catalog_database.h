#pragma once
// The catalog's RocksDB with its column families, and how it is read. Reads are thread-safe and
// block.

#include <rocksdb/db.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/rocksdb/catalog/catalog_options.h"
#include "store/rocksdb/directory.h"

namespace tallygate::store {

/// In CatalogFamily::meta, big-endian u64; missing = 0.
inline constexpr const char* kTransactionsKey = "transactions";  ///< how many were written
inline constexpr const char* kAuditKey = "audit";                ///< number of the last entry

class CatalogDatabase {
 public:
  enum class Mode : std::uint8_t { read_write, read_only };
  static Result<std::unique_ptr<CatalogDatabase>> open(
      const CatalogOptions& options, Mode mode, FolderMustBe folder = FolderMustBe::writable,
      std::shared_ptr<BackgroundState> background = std::make_shared<BackgroundState>());
  ~CatalogDatabase();
  CatalogDatabase(const CatalogDatabase&) = delete;
  CatalogDatabase& operator=(const CatalogDatabase&) = delete;

  ::rocksdb::DB& engine() const { return *engine_; }
  ::rocksdb::ColumnFamilyHandle* family(CatalogFamily family) const {
    return families_[static_cast<std::size_t>(family)];
  }

  using Value = Result<std::optional<std::string>>;
  /// nullopt = there is none. As of `snapshot`, or now.
  Value get(CatalogFamily family, std::string_view key,
            const ::rocksdb::Snapshot* snapshot = nullptr) const;
  Result<std::uint64_t> counter(const char* key) const;

 private:
  CatalogDatabase() = default;
  Result<void> check_format(const CatalogOptions& options, Mode mode);

  std::unique_ptr<::rocksdb::DB> engine_;
  std::array<::rocksdb::ColumnFamilyHandle*, kCatalogFamilyCount> families_{};
};

inline ::rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace tallygate::store
