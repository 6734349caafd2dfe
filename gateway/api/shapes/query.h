#pragma once
// Query parameters and paging. Pure.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tallygate::api {

inline constexpr std::uint32_t kDefaultPage = 50;
inline constexpr std::uint32_t kMaxPage = 200;

/// `name=value&...` with percent escapes and '+' decoded. Errors (invalid_parameter): a bad escape,
/// a name that is not among `known` or comes twice.
class Query {
 public:
  static Result<Query> parse(std::string_view text, std::span<const std::string_view> known);
  static Result<Query> parse(std::string_view text, std::initializer_list<std::string_view> known) {
    return parse(text, std::span(known.begin(), known.size()));
  }
  /// Empty when absent.
  std::string_view value_of(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// `text` with its percent escapes decoded; nullopt = one of them is none.
std::optional<std::string> decode_percent(std::string_view text);

/// Where a page begins and how much it holds. A cursor is the key of the last row that was shown,
/// so that a page is right also when rows came or went in between.
struct Paging {
  std::uint32_t limit = kDefaultPage;
  std::string after;  ///< empty = from the start
};
/// Reads `limit` and `cursor`.
Result<Paging> parse_paging(const Query& query);
std::string cursor_of(std::string_view key);

}  // namespace tallygate::api
