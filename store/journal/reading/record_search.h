#pragma once
// Which records are looked for, and the page of them that is found: newest first, in bounds. Pure;
// whoever has the log shows its batches, the last one first (Database::search).

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "router/record.h"
#include "store/journal/codec/batch_codec.h"

namespace tallygate::store {

/// Where a record is in the log. It stays there while others come, and until it is forgotten.
struct LogPlace {
  std::uint64_t batch = 0;
  std::uint32_t index = 0;  ///< within the batch, from 0
  auto operator<=>(const LogPlace&) const = default;
};

/// What one search may take; then it ends with what it has. Less time than a handover of the store
/// waits for those who read.
struct SearchLimits {
  std::uint64_t records = 100'000;  ///< decoded, whether they match or not; at least 1
  std::chrono::milliseconds time{500};
};

/// What is 0 or absent is not asked for. A record matches when all the rest does.
struct RecordSearch {
  std::optional<WallTime> since = {};  ///< by the request id, to the millisecond; inclusive
  std::optional<WallTime> until = {};  ///< exclusive
  router::NameId route = 0;
  router::NameId assigned_version = 0;
  router::NameId version = 0;  ///< that served
  router::NameId target = 0;
  router::NameId experiment = 0;
  std::optional<std::uint8_t> variant = {};
  std::optional<router::Outcome> outcome = {};
  std::optional<Errc> error = {};  ///< of records that are not ok
  std::optional<std::uint16_t> status = {};

  std::size_t limit = 50;               ///< records of a page, at least 1
  std::optional<LogPlace> before = {};  ///< goes on behind here; absent = from the newest
  SearchLimits limits = {};

  /// Of everything but the times.
  bool matches(const router::Record& record) const;
};

/// Newest first: by when they were committed, which is when the requests ended.
struct RecordPage {
  std::vector<router::Record> records;
  /// Where to go on; absent = there is no more. With a page that is not full, the search came to
  /// its limits.
  std::optional<LogPlace> next;
};

/// A search under way. Records made before `cutoff` are forgotten.
class PageSearch {
 public:
  PageSearch(const RecordSearch& search, WallTime cutoff);

  /// The start of what is looked at.
  WallTime since() const { return since_; }
  /// Looks at a batch, its last record first. False: the page is full, or the limit of records is
  /// reached. What is broken is storage_corrupt.
  Result<bool> add_batch(std::uint64_t number, std::string_view batch);
  /// Time is up: what is older was not looked at. False: nothing was, so that going on from here
  /// would lead nowhere.
  bool cut_short();
  RecordPage take();

 private:
  /// False: this one belongs to the next page.
  Result<bool> add(const StoredRecord& stored);

  const RecordSearch& search_;
  const WallTime since_;
  RecordPage page_;
  std::vector<StoredRecord> batch_;
  std::uint64_t decoded_ = 0;
  std::optional<LogPlace> last_;  ///< that was looked at
};

}  // namespace tallygate::store
