#pragma once
// JSON values as text for people: YAML blocks, and JSON indented by two.

#include <boost/json/value.hpp>
#include <string>

namespace tallygate::config::yaml {

/// Ends with a line break. Text that YAML could read as something else is quoted.
std::string render_yaml(const boost::json::value& value);

/// Ends with a line break; keys in their order.
std::string render_json(const boost::json::value& value);

}  // namespace tallygate::config::yaml
