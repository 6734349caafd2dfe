#include "store/catalog/catalog_keys.h"

#include "base/assert.h"
#include "store/bytes.h"

namespace tallygate::store {
namespace {

void append_text(std::string& key, std::string_view text) {
  TG_ASSERT(text.size() <= kMaxKeyBytes);
  key += big_endian(static_cast<std::uint16_t>(text.size()));
  key += text;
}

}  // namespace

std::string kind_prefix(std::string_view kind) {
  std::string key;
  append_text(key, kind);
  return key;
}

std::string index_prefix(std::string_view kind, std::string_view index_key) {
  std::string key = kind_prefix(kind);
  append_text(key, index_key);
  return key;
}

std::string history_prefix(std::string_view kind, std::string_view id) {
  return index_prefix(kind, id);
}

std::string time_prefix(WallTime at) {
  // Times before 1970 sort first, too.
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  return big_endian(static_cast<std::uint64_t>(micros_since_epoch(at)) ^ kSign);
}

std::string end_of(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xFF') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

}  // namespace tallygate::store
