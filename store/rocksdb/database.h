#pragma once
// The journal's RocksDB with its column families, as primary or as secondary, and what is read from
// it. Reads are thread-safe and block.

#include <rocksdb/db.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"
#include "router/record.h"
#include "router/tally.h"
#include "store/rocksdb/options.h"

namespace tallygate::store {

/// In Family::meta: the number of the last batch that the stored tallies include.
inline constexpr const char* kCheckpointKey = "checkpoint";

class Database {
 public:
  static Result<std::unique_ptr<Database>> open_primary(
      const JournalOptions& options, std::shared_ptr<BackgroundState> background,
      std::shared_ptr<RetentionFilterFactory> retention);
  /// Reads beside a primary or without one; its own files go to `scratch`.
  static Result<std::unique_ptr<Database>> open_secondary(const std::string& path,
                                                          const std::string& scratch);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  ::rocksdb::DB& engine() { return *engine_; }
  ::rocksdb::ColumnFamilyHandle* family(Family family) const {
    return families_[static_cast<std::size_t>(family)];
  }

  Result<router::Record> find(const Uuid& id) const;
  Result<Uuid> find_request_of(std::string_view response_id) const;

  /// The number of the last batch that the stored tallies include; 0 = none yet.
  Result<std::uint64_t> checkpoint() const;
  /// Each returns false to stop. Keys and values are valid during the call only.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  /// Entries of `family` with `first` <= key < `end` (empty = to the last), in order.
  Result<void> scan(Family family, std::string_view first, std::string_view end,
                    const Visit& visit) const;

 private:
  Database() = default;

  std::unique_ptr<::rocksdb::DB> engine_;
  std::array<::rocksdb::ColumnFamilyHandle*, kFamilyCount> families_{};
};

/// The hash of the model's response id as the 16 bytes that by_response_id has for it.
std::string key_of_response(const Hash128& response);

}  // namespace tallygate::store
