#include "gateway/http/message/head.h"

#include <cstring>

#include "gateway/http/message/characters.h"
#include "gateway/http/message/field_names.h"

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

/// Fields that Connection cannot remove: routing, authentication and framing depend on them.
constexpr FieldNameSet kDependedOn = {FieldName::anthropic_version, FieldName::authorization,
                                      FieldName::content_encoding,  FieldName::content_length,
                                      FieldName::content_type,      FieldName::host,
                                      FieldName::x_api_key};

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

bool is_media_type(std::string_view content_type, std::string_view wanted) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ') || content_type.ends_with('\t')) content_type.remove_suffix(1);
  return equals_ignoring_case(content_type, wanted);
}

std::string_view RequestHead::value_of(std::string_view name) const {
  return find_value(fields, name);
}

std::string_view ResponseHead::value_of(std::string_view name) const {
  return find_value(fields, name);
}

bool is_hop_by_hop(std::string_view name, std::string_view connection) {
  const FieldName known = find_field_name(name);
  if (kHopByHop.contains(known)) return true;
  if (kDependedOn.contains(known)) return false;
  bool named = false;
  for_each_token(connection, [&](std::string_view token) {
    named = named || equals_ignoring_case(token, name);
  });
  return named;
}

}  // namespace tallygate::http
