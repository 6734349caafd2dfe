#include "gateway/http/head.h"

#include "gateway/http/characters.h"

namespace tallygate::http {
namespace {

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
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && to_lower(a[i]) != to_lower(b[i])) return false;
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
