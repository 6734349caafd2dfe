#pragma once
// Remembered answers by Idempotency-Key: kept 24 h, at most so many. The oldest go as new ones
// come, a few with each. Under the engine's mutex, but recall_answer.

#include <rocksdb/write_batch.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "store/catalog/catalog.h"
#include "store/rocksdb/catalog/catalog_database.h"

namespace tallygate::store {

inline constexpr std::chrono::hours kAnswerLife{24};

/// nullopt = there is none that is younger than 24 h at `now`. Thread-safe.
Result<std::optional<RememberedAnswer>> recall_answer(const CatalogDatabase& database,
                                                      std::string_view key, WallTime now);

class AnswerBook {
 public:
  /// Counts what `database` has.
  static Result<AnswerBook> load(const CatalogDatabase& database, std::uint64_t max_answers);

  /// Adds `answer` to `batch`, and the removal of old ones. Errors: conflict (one that is younger
  /// than 24 h is there).
  Result<void> stage(const CatalogDatabase& database, const RememberedAnswer& answer, WallTime now,
                     ::rocksdb::WriteBatch& batch);
  /// The batch of the last stage() is written.
  void after_write();

  std::uint64_t count() const { return count_; }

 private:
  /// `added` and `replaced` are keys of answer_times; `replaced` may be empty.
  Result<void> stage_removals(const CatalogDatabase& database, const std::string& added,
                              const std::string& replaced, WallTime now,
                              ::rocksdb::WriteBatch& batch);

  std::uint64_t max_answers_ = 0;
  std::uint64_t count_ = 0;
  /// No entry of answer_times is before: scans need not cross what compaction still has to remove.
  std::string oldest_;
  std::uint64_t staged_count_ = 0;
  std::string staged_oldest_;
};

}  // namespace tallygate::store
