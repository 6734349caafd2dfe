#pragma once
// GET /api/requests: its query's parameters as a search of the journal, and its cursors. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "gateway/api/shapes/query.h"
#include "store/journal/names.h"
#include "store/journal/reading/record_search.h"

namespace tallygate::api {

/// Those that filter have the names of a record's columns (record_view.h).
inline constexpr std::string_view kRecordSearchParameters[] = {
    "since",   "until",   "route", "assigned_version", "version", "target", "experiment",
    "variant", "outcome", "error", "status",           "limit",   "cursor"};

/// nullopt = no record can match, for the journal knows no such name. Errors: invalid_parameter.
Result<std::optional<store::RecordSearch>> parse_record_search(const Query& query,
                                                               const store::Names& names,
                                                               WallTime now);

/// A place in the log as the key of a cursor. Every byte string is acceptable input to the second.
std::string key_of(const store::LogPlace& place);
std::optional<store::LogPlace> parse_place(std::string_view key);

}  // namespace tallygate::api
