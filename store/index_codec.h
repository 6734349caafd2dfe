#pragma once
// The index's keys and values <-> structs. An entry says in which batch an id with this hash may
// be. A segment is the entries of consecutive batches, cut into partitions by the top bits of the
// hash: key = big-endian u16 partition, u64 first batch; value = entries in commit order, each as
// little-endian u64 hash, u64 batch. Pure.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tallygate::store {

struct IndexEntry {
  std::uint64_t hash = 0;
  std::uint64_t batch = 0;
  bool operator==(const IndexEntry&) const = default;
};

inline constexpr std::size_t kPartitions = 2048;

inline std::size_t partition_of(std::uint64_t hash) { return hash >> 53; }

/// Of the segment whose first batch in this partition is `first`.
std::string index_key(std::size_t partition, std::uint64_t first);
/// The first batch that `key` names; nothing when it is no key of the index.
std::optional<std::uint64_t> first_batch_of(std::string_view key);

/// Appends `entries` to `value`.
void append_entries(std::span<const IndexEntry> entries, std::string& value);
/// Takes the last entry off `value`; nothing when there is none, or when it is cut.
std::optional<IndexEntry> take_last_entry(std::string_view& value);
inline std::optional<IndexEntry> last_entry(std::string_view value) {
  return take_last_entry(value);
}

}  // namespace tallygate::store
