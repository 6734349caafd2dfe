#pragma once
// Reads a journal in commit order without opening it for writing: `tallygate journal`, recounts in
// tests, exports. Works beside a running gate (RocksDB secondary instance). Blocking.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "router/record.h"
#include "store/journal/journal.h"
#include "store/journal/names.h"

namespace tallygate::store {

/// Times are compared with the request id's, to the millisecond.
struct JournalFilter {
  std::optional<WallTime> since;  ///< inclusive
  std::optional<WallTime> until;  ///< exclusive
  std::string route;              ///< empty = all
};

class JournalReader {
 public:
  /// `path` is the journal's own directory. A missing or corrupt database is an error that says
  /// what was looked for and what to do.
  static Result<std::unique_ptr<JournalReader>> open(const std::string& path);
  ~JournalReader();

  const Names& names() const;
  /// Calls `each` for every record that passes, the first committed first, until it returns
  /// false: by the ends of requests, not by their starts. The count is that of the calls. Starts
  /// near `since`; reads to the end of the journal whatever `until` says, for a long request
  /// commits long after its start.
  Result<std::uint64_t> scan(const JournalFilter& filter,
                             const std::function<bool(const router::Record&)>& each) const;
  Result<router::Record> find(const Uuid& id) const;
  /// The tallies of the last checkpoint with the log replayed over them, as a start would.
  Result<TallySet> tallies() const;

 private:
  struct State;
  explicit JournalReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tallygate::store
