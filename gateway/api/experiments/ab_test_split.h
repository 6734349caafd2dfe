#pragma once
// A split as form two spells it: shares by the names of the variants. Pure.

#include <boost/json/value.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/registry/experiments/ab_test.h"

namespace tallygate::api {

/// {"a": 0.7, "b": 0.3}: one share for every arm. Errors: invalid_parameter, which names the
/// variants; whether the shares sum to 1 is a rule of the registry.
Result<std::vector<double>> split_of(const boost::json::value& json,
                                     std::span<const registry::Arm> arms, std::string_view param);

/// Of a query: "a:0.7,b:0.3", or the shares in the order of the arms: "0.7,0.3"; of two arms also
/// the first alone: "0.7".
Result<std::vector<double>> parse_split(std::string_view text, std::span<const registry::Arm> arms);

}  // namespace tallygate::api
