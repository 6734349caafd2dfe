#pragma once
// Response ids that are committed and not yet in by_response_id. Written one by one they would cost
// more than the record itself (a cache miss per level of the memtable's skip list); sorted by the
// thousand they do not. Until then look-ups ask here; after a crash the log brings them back, for a
// checkpoint includes them all. Not thread-safe.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/uuid.h"
#include "store/rocksdb/batch.h"

namespace tallygate::store {

class ResponseIndex {
 public:
  /// So many are worth a write, and short enough for those who wait behind it.
  static constexpr std::size_t kWorthWriting = 2048;

  void add(std::string_view response_id, const Uuid& request_id) {
    entries_.push_back({hash128(response_id), request_id});
  }

  std::optional<Uuid> find(std::string_view response_id) const {
    const Hash128 hash = hash128(response_id);
    const auto at = std::find_if(entries_.rbegin(), entries_.rend(),
                                 [&](const Entry& entry) { return entry.hash == hash; });
    if (at == entries_.rend()) return std::nullopt;
    return at->request_id;
  }

  std::size_t size() const { return entries_.size(); }

  /// Sorts what waits and adds it. clear() when it is written.
  void add_to(const Database& database, Batch& batch) {
    std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      return a.hash.high != b.hash.high ? a.hash.high < b.hash.high : a.hash.low < b.hash.low;
    });
    for (const Entry& entry : entries_) {
      batch.add_response(database, entry.hash, entry.request_id);
    }
  }
  void clear() { entries_.clear(); }

 private:
  struct Entry {
    Hash128 hash;
    Uuid request_id;
  };

  std::vector<Entry> entries_;
};

}  // namespace tallygate::store
