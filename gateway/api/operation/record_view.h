#pragma once
// A journal record as people and programs read it: one table of columns, rendered as a JSON object
// or as a line of CSV. Shared by `tallygate journal` and GET /api/requests/{id}. Pure.

#include <string>

#include "router/record.h"
#include "store/journal/names.h"

namespace tallygate::api {

/// "a" for 0, "b" for 1, ... "z", "aa", "ab", ...: variants are named by the order of their names.
/// Empty for kNoVariant.
std::string variant_name(std::uint8_t variant);

/// {"request_id":...}, without a newline. What did not happen or has no name is null.
std::string render_record_json(const router::Record& record, const store::Names& names);

/// The names of the columns, with a newline.
std::string render_csv_header();
/// One line of RFC 4180 fields with a newline; null is an empty field. Text that a spreadsheet
/// would run as a formula (= + - @ in front) gets an apostrophe in front.
std::string render_record_csv(const router::Record& record, const store::Names& names);

}  // namespace tallygate::api
