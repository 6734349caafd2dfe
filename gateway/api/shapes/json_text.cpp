#include "gateway/api/shapes/json_text.h"

#include <array>
#include <charconv>
#include <cmath>

#include "gateway/wire/errors.h"

namespace tallygate::api {
namespace {

void drop_trailing_zeros(std::string& text) {
  if (text.find('.') == std::string::npos) return;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  if (text == "-0") text = "0";
}

}  // namespace

std::string decimal_text(std::int64_t value, int digits) {
  const bool negative = value < 0;
  const std::uint64_t magnitude = negative ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                                           : static_cast<std::uint64_t>(value);
  std::string text = std::to_string(magnitude);
  const auto places = static_cast<std::size_t>(digits);
  if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
  if (places != 0) text.insert(text.size() - places, 1, '.');
  drop_trailing_zeros(text);
  return negative ? "-" + text : text;
}

std::string number_text(double value, int digits) {
  if (!std::isfinite(value)) return "0";
  std::array<char, 512> buffer;  // the longest double without exponent has 309 digits
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::fixed, digits);
  std::string text(buffer.data(), end.ptr);
  drop_trailing_zeros(text);
  return text;
}

void JsonText::add(std::string_view key, std::string_view value) {
  this->key(key);
  append_string(value);
}

void JsonText::add(std::string_view key, std::uint64_t value) {
  this->key(key) += std::to_string(value);
}

void JsonText::add(std::string_view key, bool value) { this->key(key) += value ? "true" : "false"; }

void JsonText::add_name(std::string_view key, std::string_view value) {
  if (value.empty()) return add_raw(key, "null");
  add(key, value);
}

void JsonText::add_string(std::string_view value) {
  item();
  append_string(value);
}

std::string& JsonText::item() {
  if (!fresh_) text_ += ',';
  fresh_ = false;
  return text_;
}

std::string& JsonText::key(std::string_view key) {
  item();
  append_string(key);
  text_ += ':';
  return text_;
}

void JsonText::append_string(std::string_view value) {
  text_ += '"';
  wire::append_json_escaped(text_, value);
  text_ += '"';
}

}  // namespace tallygate::api
