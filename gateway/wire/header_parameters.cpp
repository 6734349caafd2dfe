#include "gateway/wire/header_parameters.h"

#include <algorithm>
#include <cstddef>

namespace tallygate::wire {
namespace {

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_token_character(char c) {
  const char lower = to_lower(c);
  if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// Offset of the quote that ends the quoted string at the front of `text`, npos if there is none.
std::size_t find_closing_quote(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i;
    if (text[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

}  // namespace

bool equals_ignoring_ascii_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

std::string_view trim_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

HeaderParameters::HeaderParameters(std::string_view value) {
  const std::size_t end = std::min(value.find(';'), value.size());
  token_ = trim_blanks(value.substr(0, end));
  rest_ = value.substr(end);
}

bool HeaderParameters::next(HeaderParameter& out) {
  rest_ = trim_blanks(rest_);
  if (rest_.empty() || !ok_) return false;
  if (rest_.front() != ';') return malformed();
  rest_ = trim_blanks(rest_.substr(1));
  if (rest_.empty()) return false;  // a closing semicolon says nothing

  const std::size_t equals = rest_.find('=');
  if (equals == std::string_view::npos) return malformed();
  out.name = rest_.substr(0, equals);
  rest_ = rest_.substr(equals + 1);
  if (!is_token(out.name)) return malformed();

  if (rest_.starts_with('"')) {
    const std::size_t quote = find_closing_quote(rest_);
    if (quote == std::string_view::npos) return malformed();
    out.value = rest_.substr(1, quote - 1);
    rest_ = rest_.substr(quote + 1);
  } else {
    const std::size_t end = std::min(rest_.find_first_of("; \t"), rest_.size());
    out.value = rest_.substr(0, end);
    rest_ = rest_.substr(end);
    if (out.value.empty() || out.value.find('"') != std::string_view::npos) return malformed();
  }
  out.escaped = out.value.find('\\') != std::string_view::npos;
  return true;
}

}  // namespace tallygate::wire
