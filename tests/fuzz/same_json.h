#pragma once
// Whether two JSON values say the same. Boost.JSON 1.81 reads a number of many digits off by its
// last bit, so numbers may differ by as much; beyond kLargest that bit may be the one too many.

#include <algorithm>
#include <boost/json/value.hpp>
#include <cmath>

namespace tallygate::testing {

inline constexpr double kLargest = 1e300;

inline bool is_same(const boost::json::value& a, const boost::json::value& b) {
  if (a.is_number() && b.is_number()) {
    const auto x = a.to_number<double>();
    const auto y = b.to_number<double>();
    return x == y || std::abs(x - y) <= 1e-14 * std::abs(x);
  }
  if (a.is_array() && b.is_array()) {
    return std::ranges::equal(a.get_array(), b.get_array(), is_same);
  }
  if (!a.is_object() || !b.is_object()) return a == b;
  return a.get_object().size() == b.get_object().size() &&
         std::ranges::all_of(a.get_object(), [&](const auto& member) {
           const boost::json::value* other = b.get_object().if_contains(member.key());
           return other != nullptr && is_same(member.value(), *other);
         });
}

inline bool has_huge_number(const boost::json::value& value) {
  if (value.is_number()) return std::abs(value.to_number<double>()) > kLargest;
  if (value.is_array()) return std::ranges::any_of(value.get_array(), has_huge_number);
  return value.is_object() && std::ranges::any_of(value.get_object(), [](const auto& member) {
           return has_huge_number(member.value());
         });
}

}  // namespace tallygate::testing
