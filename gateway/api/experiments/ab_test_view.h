#pragma once
// An A/B test as the two forms of the API show it: two views of one document. Pure.

#include <boost/json/object.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/api/shapes/fields.h"
#include "gateway/api/shapes/json_text.h"
#include "gateway/registry/experiments/ab_test.h"

namespace tallygate::api {

/// Form one: camel case, arms as modelVersionAId and modelVersionBId, percent to A.
std::string render_form_one(const registry::AbTest& test, std::span<const Uuid> paused);
std::span<const Field> form_one_fields();

/// Form two: snake case, versions by their text, shares that sum to 1.
std::string render_form_two(const registry::AbTest& test, std::span<const Uuid> paused);
/// The members of form two, for an answer that has more.
void add_form_two(JsonText& json, const registry::AbTest& test);
std::span<const Field> form_two_fields();

/// The data of the event of a move.
std::string render_move(const registry::AbTest& test, std::string_view action,
                        std::string_view actor);

/// What both forms read alike from a body that has been checked against its table.
/// Absent = nullopt, null = an empty time.
std::optional<std::optional<WallTime>> time_in(const boost::json::object& body,
                                               std::string_view key);
/// nullopt = absent or null.
Result<std::optional<router::Criteria>> criteria_in(const boost::json::object& body);

/// What a criteria object may hold, for the tables of bodies.
std::span<const Field> criteria_fields();

}  // namespace tallygate::api
