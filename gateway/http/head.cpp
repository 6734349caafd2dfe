#include "gateway/http/head.h"

#include <cstring>

#include "gateway/http/characters.h"

namespace tallygate::http {
namespace {

constexpr std::uint64_t every_byte(std::uint8_t byte) { return byte * 0x0101010101010101ull; }

/// to_lower of eight characters at once.
std::uint64_t lower_word(const char* eight) {
  std::uint64_t word = 0;
  std::memcpy(&word, eight, 8);
  const std::uint64_t low = word & every_byte(0x7f);
  const std::uint64_t from_a = low + every_byte(0x80 - 'A');
  const std::uint64_t above_z = low + every_byte(0x7f - 'Z');
  const std::uint64_t upper = (from_a ^ above_z) & ~word & every_byte(0x80);
  return word | upper >> 2;
}

std::string_view find_value(const Fields& fields, std::string_view name) {
  for (const Field& field : fields) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

bool is_always_hop_by_hop(std::string_view name) {
  switch (name.size()) {
    case 2: return equals_ignoring_case(name, "te");
    case 7: return equals_ignoring_case(name, "trailer") || equals_ignoring_case(name, "upgrade");
    case 10:
      return equals_ignoring_case(name, "connection") || equals_ignoring_case(name, "keep-alive");
    case 16: return equals_ignoring_case(name, "proxy-connection");
    case 17: return equals_ignoring_case(name, "transfer-encoding");
    case 18: return equals_ignoring_case(name, "proxy-authenticate");
    case 19: return equals_ignoring_case(name, "proxy-authorization");
    default: return false;
  }
}

/// Fields that Connection cannot remove: routing, authentication and framing depend on them.
bool is_depended_on(std::string_view name) {
  switch (name.size()) {
    case 4: return equals_ignoring_case(name, "host");
    case 9: return equals_ignoring_case(name, "x-api-key");
    case 12: return equals_ignoring_case(name, "content-type");
    case 13: return equals_ignoring_case(name, "authorization");
    case 14: return equals_ignoring_case(name, "content-length");
    case 16: return equals_ignoring_case(name, "content-encoding");
    case 17: return equals_ignoring_case(name, "anthropic-version");
    default: return false;
  }
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size() || a.empty()) return a.size() == b.size();
  if (to_lower(a.front()) != to_lower(b.front())) return false;
  if (a.size() >= 8) {
    const std::size_t last = a.size() - 8;
    for (std::size_t at = 0; at < last; at += 8) {
      if (lower_word(a.data() + at) != lower_word(b.data() + at)) return false;
    }
    return lower_word(a.data() + last) == lower_word(b.data() + last);
  }
  for (std::size_t i = 1; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

std::string_view RequestHead::value_of(std::string_view name) const {
  return find_value(fields, name);
}

std::string_view ResponseHead::value_of(std::string_view name) const {
  return find_value(fields, name);
}

bool is_hop_by_hop(std::string_view name, std::string_view connection) {
  if (is_always_hop_by_hop(name)) return true;
  bool named = false;
  for_each_token(connection, [&](std::string_view token) {
    named = named || equals_ignoring_case(token, name);
  });
  return named && !is_depended_on(name);
}

}  // namespace tallygate::http
