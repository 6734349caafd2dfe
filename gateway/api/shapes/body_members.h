#pragma once
// Members of a body that read_body() has taken. Pure.

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace tallygate::api {

/// nullopt: absent, or of another type.
std::optional<std::string> text_in(const boost::json::object& body, std::string_view key);
std::optional<double> number_in(const boost::json::object& body, std::string_view key);

}  // namespace tallygate::api
