#include "gateway/telemetry/negotiate.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace tallygate::telemetry {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Takes the part before the next `separator` off the front of `rest`.
std::string_view take(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const std::string_view part = trim(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

bool is_same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

/// RFC 9110 qvalue in thousandths; what is malformed counts as 0.
int parse_q(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
  int thousandths = (text[0] - '0') * 1000;
  if (text.size() > 1 && text[1] != '.') return 0;
  int scale = 100;
  for (const char digit : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (digit < '0' || digit > '9') return 0;
    thousandths += (digit - '0') * scale;
    scale /= 10;
  }
  return thousandths <= 1000 ? thousandths : 0;
}

struct MediaRange {
  std::string_view type;
  std::string_view version;
  std::string_view escaping;
  int q = 1000;
};

MediaRange parse_range(std::string_view text) {
  MediaRange range;
  range.type = take(text, ';');
  while (!text.empty()) {
    std::string_view value = take(text, ';');
    const std::string_view name = take(value, '=');
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    if (is_same(name, "q")) range.q = parse_q(value);
    if (is_same(name, "version")) range.version = value;
    if (is_same(name, "escaping")) range.escaping = value;
  }
  return range;
}

std::optional<Format> format_of(const MediaRange& range) {
  if (is_same(range.type, "application/openmetrics-text")) {
    if (range.version == "1.0.0") return Format::openmetrics_1_0_0;
    if (range.version == "0.0.1" || range.version.empty()) return Format::openmetrics_0_0_1;
    return std::nullopt;
  }
  if (is_same(range.type, "text/plain")) {
    if (range.version == "1.0.0") return Format::text_1_0_0;
    if (range.version == "0.0.4" || range.version.empty()) return Format::text_0_0_4;
    return std::nullopt;
  }
  if (range.type == "*/*" || is_same(range.type, "text/*")) return Format::text_0_0_4;
  return std::nullopt;
}

/// All our names are legal under every scheme, so a scheme changes nothing but its own mention.
std::string_view escaping_of(std::string_view asked) {
  if (is_same(asked, "allow-utf-8") || is_same(asked, "allow-utf8")) return "allow-utf-8";
  if (is_same(asked, "dots")) return "dots";
  if (is_same(asked, "values")) return "values";
  return "underscores";
}

std::string content_type_of(Format format, std::string_view escaping) {
  const std::string suffix = "; charset=utf-8; escaping=" + std::string(escaping_of(escaping));
  switch (format) {
    case Format::text_0_0_4: return "text/plain; version=0.0.4; charset=utf-8";
    case Format::text_1_0_0: return "text/plain; version=1.0.0" + suffix;
    case Format::openmetrics_0_0_1:
      return "application/openmetrics-text; version=0.0.1; charset=utf-8";
    case Format::openmetrics_1_0_0: return "application/openmetrics-text; version=1.0.0" + suffix;
  }
  return {};
}

}  // namespace

Negotiated negotiate(std::string_view accept) {
  Format best = Format::text_0_0_4;
  std::string_view escaping;
  int best_q = 0;
  while (!accept.empty()) {
    const MediaRange range = parse_range(take(accept, ','));
    const std::optional<Format> format = format_of(range);
    if (!format || range.q <= best_q) continue;
    best_q = range.q;
    best = *format;
    escaping = range.escaping;
  }
  return {best, content_type_of(best, escaping)};
}

}  // namespace tallygate::telemetry
