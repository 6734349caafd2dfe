#include "store/index_codec.h"

#include "base/assert.h"
#include "store/bytes.h"

namespace tallygate::store {
namespace {

constexpr std::size_t kKeyBytes = sizeof(std::uint16_t) + sizeof(std::uint64_t);
constexpr std::size_t kEntryBytes = 2 * sizeof(std::uint64_t);

}  // namespace

std::string index_key(std::size_t partition, std::uint64_t first) {
  TG_ASSERT(partition <= kPartitions);
  std::string key(kKeyBytes, '\0');
  put_big(put_big(key.data(), static_cast<std::uint16_t>(partition)), first);
  return key;
}

std::optional<std::uint64_t> first_batch_of(std::string_view key) {
  if (key.size() != kKeyBytes) return std::nullopt;
  return from_big_endian<std::uint64_t>(key.substr(sizeof(std::uint16_t)));
}

void append_entries(std::span<const IndexEntry> entries, std::string& value) {
  const std::size_t begin = value.size();
  value.resize(begin + entries.size() * kEntryBytes);
  char* at = value.data() + begin;
  for (const IndexEntry& entry : entries) at = put_little(put_little(at, entry.hash), entry.batch);
}

std::optional<IndexEntry> take_last_entry(std::string_view& value) {
  if (value.empty() || value.size() % kEntryBytes != 0) return std::nullopt;
  const char* at = value.data() + value.size() - kEntryBytes;
  IndexEntry entry;
  entry.hash = take_little<std::uint64_t>(at);
  entry.batch = take_little<std::uint64_t>(at);
  value.remove_suffix(kEntryBytes);
  return entry;
}

}  // namespace tallygate::store
