#pragma once
// The index's keys and values <-> structs. An entry says in which batch an id with this hash may
// be. A segment is the entries of consecutive batches, cut into partitions by the top 11 bits of
// the hash: key = big-endian u16 partition, u64 first batch; value = entries in commit order, each
// as the low 32 bits of the hash and the distance from the first batch, little-endian u32. What
// the bits between would tell apart, the record itself tells. Pure.

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

/// `first` is the first batch that the segment has in this partition.
std::string index_key(std::size_t partition, std::uint64_t first);
/// The first batch that `key` names; nothing when it is no key of the index.
std::optional<std::uint64_t> first_batch_of(std::string_view key);

/// Appends `entries`, of one partition and at most 2^32 batches, to `value`.
void append_entries(std::span<const IndexEntry> entries, std::string& value);

/// The entries of one key, last first. Every byte string is acceptable input.
class IndexEntries {
 public:
  IndexEntries(std::uint64_t first_batch, std::string_view value);

  /// False when it is no value of the index.
  bool is_whole() const;
  /// The batch of the last entry that is left; nothing when none is.
  std::optional<std::uint64_t> last_batch() const;
  /// The next batch that may have an id with this hash.
  std::optional<std::uint64_t> take_match(std::uint64_t hash);

 private:
  std::uint64_t first_batch_;
  std::string_view rest_;
};

}  // namespace tallygate::store
