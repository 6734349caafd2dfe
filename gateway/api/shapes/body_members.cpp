#include "gateway/api/shapes/body_members.h"

#include <boost/json/value.hpp>

namespace tallygate::api {

namespace json = boost::json;

std::optional<std::string> text_in(const json::object& body, std::string_view key) {
  const json::value* value = body.if_contains(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

std::optional<double> number_in(const json::object& body, std::string_view key) {
  const json::value* value = body.if_contains(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

}  // namespace tallygate::api
