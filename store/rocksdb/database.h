#pragma once
// The journal's RocksDB with its column families, as primary or as secondary, and what is read from
// it. Reads are thread-safe and block.

#include <rocksdb/db.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "router/record.h"
#include "router/tally/tally.h"
#include "store/journal/reading/record_query.h"
#include "store/journal/reading/record_search.h"
#include "store/rocksdb/bounded_read.h"
#include "store/rocksdb/directory.h"
#include "store/rocksdb/options.h"

namespace tallygate::store {

/// In Family::meta, all big-endian u64; missing = 0.
inline constexpr const char* kCheckpointKey = "checkpoint";  ///< last batch in the stored tallies
inline constexpr const char* kIndexedKey = "indexed";        ///< last batch in the index
inline constexpr const char* kNewestKey = "newest";  ///< newest record up to the checkpoint, micros
inline constexpr const char* kPurgedKey = "purged";  ///< records made before are forgotten, micros
inline constexpr const char* kSeriesEndKey = "series_end";  ///< minute after the last in the series

/// What a primary shares with those who opened it before and will again.
struct DatabaseParts {
  std::shared_ptr<BackgroundState> background = std::make_shared<BackgroundState>();
  std::shared_ptr<RetentionFilterFactory> retention = std::make_shared<RetentionFilterFactory>();
  std::shared_ptr<::rocksdb::SstFileManager> quota = {};  ///< null = none
  FolderMustBe folder = FolderMustBe::writable;
};

class Database {
 public:
  static Result<std::unique_ptr<Database>> open_primary(const JournalOptions& options,
                                                        DatabaseParts parts);
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

  Result<std::uint64_t> meta(const char* key) const;
  /// Records made before are forgotten, though their batch may still be there.
  Result<WallTime> purged() const;
  /// The last batch of which is known that no record up to it was made at `time` or later; 0 = of
  /// none. So a scan from `time` starts at the next.
  Result<std::uint64_t> last_batch_before(WallTime time) const;
  /// A batch after which all were committed at `time` or later; UINT64_MAX = none is known.
  Result<std::uint64_t> last_batch_committed_before(WallTime time) const;

  /// Whole files of the log that have nothing after batch `last`. Its keys only grow, so that
  /// these are all but the last file or two, and no tombstone has to be merged away.
  Result<void> delete_log_up_to(std::uint64_t last);

  /// The newest record that answers: first in the batches `pending`, which the index does not have
  /// yet, then in what the index names.
  Result<router::Record> find(const RecordQuery& query,
                              std::span<const std::uint64_t> pending) const;

  /// A page of the records that match. Who looks for those made before some time may miss one whose
  /// request took more than a day. storage_unavailable: the time was up before the first record.
  Result<RecordPage> search(const RecordSearch& search) const;

  /// Each returns false to stop. Keys and values are valid during the call only.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  /// nullopt = there is none.
  Result<std::optional<std::string>> get(Family family, std::string_view key) const;
  /// Entries of `family` with `first` <= key < `end` (empty = to the last), in order.
  Result<void> scan(Family family, std::string_view first, std::string_view end,
                    const Visit& visit) const;

 private:
  using Found = Result<std::optional<router::Record>>;

  Database() = default;
  Found find_in_batch(const RecordQuery& query, std::uint64_t number, WallTime cutoff,
                      BoundedRead& read) const;
  Found find_in_index(const RecordQuery& query, WallTime cutoff, BoundedRead& read) const;

  std::unique_ptr<::rocksdb::DB> engine_;
  std::array<::rocksdb::ColumnFamilyHandle*, kFamilyCount> families_{};
};

}  // namespace tallygate::store
