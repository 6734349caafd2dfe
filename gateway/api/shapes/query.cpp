#include "gateway/api/shapes/query.h"

#include <algorithm>

#include "config/yaml/near_miss.h"
#include "config/yaml/scalars.h"

namespace tallygate::api {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Two hexadecimal digits at the front of `text`.
std::optional<char> hex_byte(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const int high = hex_digit(text[0]);
  const int low = hex_digit(text[1]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

/// `plus` is what a plus sign stands for.
std::optional<std::string> decode(std::string_view text, char plus) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? plus : text[i];
      continue;
    }
    const auto byte = hex_byte(text.substr(i + 1));
    if (!byte) return std::nullopt;
    out += *byte;
    i += 2;
  }
  return out;
}

Error wrong(std::string message, std::string_view name) {
  return make_error(Errc::invalid_parameter, std::move(message), std::string(name));
}

std::string joined(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

Error unknown(const std::string& name, std::span<const std::string_view> known) {
  if (known.empty()) return wrong("Unknown query parameter. This endpoint has none.", name);
  const std::string meant = config::yaml::suggest(name, {known.begin(), known.end()});
  return wrong(
      "Unknown query parameter" + (meant.empty() ? "." : meant) + " Known: " + joined(known) + ".",
      name);
}

}  // namespace

Result<Query> Query::parse(std::string_view text, std::span<const std::string_view> known) {
  Query query;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decode(pair.substr(0, equals), ' ');
    auto value = decode(pair.substr(std::min(equals + 1, pair.size())), ' ');
    if (!name || !value) return wrong("A query escape is a percent sign and two hex digits.", "");
    if (std::find(known.begin(), known.end(), *name) == known.end()) {
      return unknown(*name, known);
    }
    const bool fresh = std::ranges::none_of(
        query.values_, [&](const auto& earlier) { return earlier.first == *name; });
    if (!fresh) return wrong("A query parameter is given twice.", *name);
    query.values_.emplace_back(std::move(*name), std::move(*value));
  }
  return query;
}

std::optional<std::string> decode_percent(std::string_view text) { return decode(text, '+'); }

std::string_view Query::value_of(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return value;
  }
  return {};
}

Result<Paging> parse_paging(const Query& query) {
  Paging paging;
  if (const std::string_view limit = query.value_of("limit"); !limit.empty()) {
    const auto whole = config::yaml::parse_whole(limit);
    if (!whole || *whole == 0 || *whole > kMaxPage) {
      return wrong("limit is a whole number from 1 to " + std::to_string(kMaxPage) + ".", "limit");
    }
    paging.limit = static_cast<std::uint32_t>(*whole);
  }
  for (std::string_view cursor = query.value_of("cursor"); !cursor.empty();
       cursor.remove_prefix(2)) {
    const auto byte = hex_byte(cursor);
    if (!byte) return wrong("cursor is not one that this endpoint gave: start again.", "cursor");
    paging.after += *byte;
  }
  return paging;
}

std::string cursor_of(std::string_view key) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : key) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

}  // namespace tallygate::api
