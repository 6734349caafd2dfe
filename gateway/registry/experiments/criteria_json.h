#pragma once
// Criteria <-> JSON, the same object in the API and in the configuration file (api.md section 4).
// Durations are texts such as "90s" or "7d", or seconds as a number. Pure.

#include <boost/json/object.hpp>
#include <string_view>

#include "base/result.h"
#include "router/experiment/criteria.h"

namespace tallygate::registry {

/// Errors: invalid_parameter for an unknown key (the message lists the known ones), a wrong type or
/// a value out of range; `param` is "criteria.KEY". null counts as absent.
Result<router::Criteria> criteria_of(const boost::json::object& json);

/// Of config::Experiment::criteria_json; empty = no criteria. Also invalid_json.
Result<router::Criteria> parse_criteria(std::string_view text);

/// Every key that has a value, durations as texts.
boost::json::object criteria_json(const router::Criteria& criteria);

}  // namespace tallygate::registry
