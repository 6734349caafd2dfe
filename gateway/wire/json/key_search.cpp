#include "gateway/wire/json/key_search.h"

#include <cstddef>

namespace tallygate::wire {
namespace {

constexpr std::size_t kBlock = 32;
constexpr std::size_t kKeyBytes = 7;  // both keys, with quotes

// A quote, six bytes on another one, and between them a word that starts like one of the keys.
// Branchless on purpose: compilers turn a loop over a block into vector compares.
constexpr unsigned looks_like_key(const char* at) {
  return static_cast<unsigned>(at[0] == '"') & static_cast<unsigned>(at[6] == '"') &
         (static_cast<unsigned>(at[1] == 'u') | static_cast<unsigned>(at[1] == 'e'));
}

bool is_null_member(std::string_view behind_key) {
  for (const std::string_view token : {":", "null"}) {
    const std::size_t start = behind_key.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) return false;
    behind_key.remove_prefix(start);
    if (!behind_key.starts_with(token)) return false;
    behind_key.remove_prefix(token.size());
  }
  return true;
}

bool matters_at(std::string_view rest) {
  const bool key = rest.starts_with(R"("usage")") || rest.starts_with(R"("error")");
  return key && !is_null_member(rest.substr(kKeyBytes));
}

bool block_may_match(const char* at) {
  unsigned char hit = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    hit = static_cast<unsigned char>(hit | looks_like_key(at + i));
  }
  return hit != 0;
}

}  // namespace

bool may_hold_usage_or_error(std::string_view json) {
  std::size_t at = 0;
  while (at + kKeyBytes <= json.size()) {
    std::size_t stop = json.size() - kKeyBytes + 1;
    if (at + kBlock < stop) {
      stop = at + kBlock;
      if (!block_may_match(json.data() + at)) {
        at = stop;
        continue;
      }
    }
    for (; at < stop; ++at) {
      if (json[at] == '"' && matters_at(json.substr(at))) return true;
    }
  }
  return false;
}

}  // namespace tallygate::wire
