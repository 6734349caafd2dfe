#include "store/journal/codec/index_codec.h"

#include "base/assert.h"
#include "store/bytes.h"

namespace tallygate::store {
namespace {

constexpr std::size_t kKeyBytes = sizeof(std::uint16_t) + sizeof(std::uint64_t);
constexpr std::size_t kEntryBytes = 2 * sizeof(std::uint32_t);

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
  for (const IndexEntry& entry : entries) {
    at = put_little(at, static_cast<std::uint32_t>(entry.hash));
    at = put_little(at, static_cast<std::uint32_t>(entry.batch - entries.front().batch));
  }
}

IndexEntries::IndexEntries(std::uint64_t first_batch, std::string_view value)
    : first_batch_(first_batch), rest_(value) {}

bool IndexEntries::is_whole() const { return !rest_.empty() && rest_.size() % kEntryBytes == 0; }

std::optional<std::uint64_t> IndexEntries::last_batch() const {
  if (rest_.size() < kEntryBytes) return std::nullopt;
  const char* at = rest_.data() + rest_.size() - sizeof(std::uint32_t);
  return first_batch_ + take_little<std::uint32_t>(at);
}

std::optional<std::uint64_t> IndexEntries::take_match(std::uint64_t hash) {
  while (const auto batch = last_batch()) {
    const char* at = rest_.data() + rest_.size() - kEntryBytes;
    rest_.remove_suffix(kEntryBytes);
    if (take_little<std::uint32_t>(at) == static_cast<std::uint32_t>(hash)) return batch;
  }
  return std::nullopt;
}

}  // namespace tallygate::store
