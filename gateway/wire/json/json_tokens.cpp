#include "gateway/wire/json/json_tokens.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>

namespace tallygate::wire {
namespace {

constexpr std::size_t kSmallestCapacity = std::size_t{16} * 1024;
constexpr std::size_t kKeptCapacity = std::size_t{4} << 20;
constexpr std::size_t kLargestText = std::size_t{1} << 31;

JsonFault fault_of(simdjson::error_code code) {
  if (code == simdjson::SUCCESS) return JsonFault::none;
  if (code == simdjson::EMPTY) return JsonFault::empty;
  if (code == simdjson::UTF8_ERROR) return JsonFault::invalid_utf8;
  if (code == simdjson::UNESCAPED_CHARS) return JsonFault::control_character;
  if (code == simdjson::UNCLOSED_STRING) return JsonFault::unclosed_string;
  return JsonFault::too_large;
}

}  // namespace

struct JsonTokenizer::State {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
  std::size_t capacity = 0;

  bool reserve(std::size_t bytes) {
    const bool oversized = capacity > kKeptCapacity && bytes <= kKeptCapacity;
    if (bytes <= capacity && !oversized) return true;
    capacity = 0;
    const std::size_t wanted = std::max(kSmallestCapacity, std::bit_ceil(bytes));
    const simdjson::implementation& simd = *simdjson::get_active_implementation();
    if (simd.create_dom_parser_implementation(wanted, 1, parser) != simdjson::SUCCESS) {
      return false;
    }
    capacity = wanted;
    return true;
  }
};

JsonTokenizer::JsonTokenizer() : state_(std::make_unique<State>()) {}
JsonTokenizer::~JsonTokenizer() = default;

JsonTokens JsonTokenizer::find_tokens(std::string_view text) {
  if (text.empty()) return {.fault = JsonFault::empty};
  if (text.size() > kLargestText || !state_->reserve(text.size())) {
    return {.fault = JsonFault::too_large};
  }
  auto& parser = *state_->parser;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const JsonFault fault =
      fault_of(parser.stage1(bytes, text.size(), simdjson::stage1_mode::regular));
  if (fault != JsonFault::none) return {.fault = fault};
  const std::uint32_t* first = parser.structural_indexes.get();
  return {.begin = first, .end = first + parser.n_structural_indexes};
}

}  // namespace tallygate::wire
