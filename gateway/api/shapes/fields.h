#pragma once
// What a request's JSON body may hold, as a table. The same table checks a body (unknown fields,
// missing ones, types and ranges are 400 and named) and is its schema in the OpenAPI document.

#include <array>
#include <boost/json/object.hpp>
#include <limits>
#include <span>
#include <string_view>

#include "gateway/api/admin.h"

namespace tallygate::api {

enum class FieldType : std::uint8_t {
  string,
  boolean,
  integer,
  number,
  timestamp,  ///< RFC 3339
  duration,   ///< "250ms", "5s", "1h", "30d"
  object,     ///< with `members`, or free where there are none
  array,      ///< of `members` (each an object), or of `items`; of both, if `items` is string
  any,
};

struct Field {
  std::string_view name = {};
  FieldType type = FieldType::string;
  bool required = false;
  std::string_view note = {};  ///< one line for people
  double min =
      std::numeric_limits<double>::lowest();  ///< of numbers; of strings: bytes; of arrays: items
  double max = std::numeric_limits<double>::max();
  std::span<const std::string_view> one_of = {};  ///< of strings
  bool nullable = false;
  std::span<const Field> members = {};
  FieldType items = FieldType::any;  ///< of arrays without `members`
};

/// A named schema: a request's body or an answer's.
struct Fields {
  std::string_view name = {};  ///< "NewModelVersion"; empty = no body
  std::span<const Field> fields = {};
  bool is_page =
      false;  ///< answers: {"data": [..], "has_more", "next_cursor"}; "...Page" in OpenAPI
};

/// The body as an object that fits the table. An absent body is {} if nothing is required.
/// Errors: invalid_json, invalid_parameter, missing_parameter; `param` is the field's path.
Result<boost::json::object> read_body(const AdminRequest& request, const Fields& fields);

/// Whether an answer's body is what its table promises; an error says where it is not.
Result<void> check_answer(std::string_view body, const Fields& fields);

/// The members of an answer that is a page of `fields`.
std::array<Field, 3> page_fields(const Fields& fields);

/// JSON Schema (2020-12) of the table.
boost::json::object json_schema(const Fields& fields);

}  // namespace tallygate::api
