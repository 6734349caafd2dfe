#include "gateway/api/shapes/fields.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "config/yaml/near_miss.h"
#include "config/yaml/scalars.h"
#include "gateway/api/shapes/json_body.h"
#include "gateway/api/shapes/json_text.h"
#include "gateway/api/shapes/timestamps.h"

namespace tallygate::api {
namespace {

namespace json = boost::json;

// Whole numbers that a double holds exactly; beyond it clients in JavaScript disagree with us.
constexpr double kMaxExactWhole = 9'007'199'254'740'992.0;

using Problem = std::optional<Error>;

Problem wrong(const std::string& path, const std::string& rule) {
  return make_error(Errc::invalid_parameter, "`" + path + "` " + rule + ".", path);
}

std::string joined(std::span<const std::string_view> texts) {
  std::string all;
  for (const std::string_view text : texts) all.append(all.empty() ? "" : ", ").append(text);
  return all;
}

std::string range_text(const Field& field, const char* unit) {
  const bool low = field.min != std::numeric_limits<double>::lowest();
  const bool high = field.max != std::numeric_limits<double>::max();
  if (low && high) {
    return "must be from " + number_text(field.min, 9) + " to " + number_text(field.max, 9) + unit;
  }
  if (low) return "must be at least " + number_text(field.min, 9) + unit;
  return "must be at most " + number_text(field.max, 9) + unit;
}

Problem check_range(double value, const Field& field, const std::string& path,
                    const char* unit = "") {
  if (value >= field.min && value <= field.max) return {};
  return wrong(path, range_text(field, unit));
}

Problem check_string(const json::value& value, const Field& field, const std::string& path) {
  if (!value.is_string()) return wrong(path, "must be a string");
  const json::string& string = value.get_string();
  const std::string_view text{string.data(), string.size()};
  if (!field.one_of.empty() &&
      std::find(field.one_of.begin(), field.one_of.end(), text) == field.one_of.end()) {
    return wrong(path, "must be one of: " + joined(field.one_of));
  }
  if (field.min >= 1 && text.empty()) return wrong(path, "must not be empty");
  return check_range(static_cast<double>(text.size()), field, path, " bytes long");
}

/// Whole numbers may be written as 3 or 3.0; they become int64, so that all readers find one type.
Problem check_integer(json::value& value, const Field& field, const std::string& path) {
  if (!value.is_number()) return wrong(path, "must be a whole number");
  const auto number = value.to_number<double>();
  if (number != std::floor(number) || std::abs(number) > kMaxExactWhole) {
    return wrong(path, "must be a whole number below 2^53");
  }
  value = static_cast<std::int64_t>(number);
  return check_range(number, field, path);
}

Problem check_number(const json::value& value, const Field& field, const std::string& path) {
  if (!value.is_number()) return wrong(path, "must be a number");
  return check_range(value.to_number<double>(), field, path);
}

std::string_view text_of(const json::value& value) {
  if (!value.is_string()) return {};
  return {value.get_string().data(), value.get_string().size()};
}

Problem check_value(json::value& value, const Field& field, const std::string& path);

Error unknown_field(const std::string& name, const std::string& path,
                    std::span<const Field> fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) names.emplace_back(field.name);
  const std::string hint = config::yaml::suggest(name, names);
  return make_error(Errc::invalid_parameter,
                    "There is no field `" + path + "`" + (hint.empty() ? "." : hint), path);
}

std::string member_path(const std::string& path, std::string_view name) {
  constexpr std::size_t kMostShown = 64;
  return (path.empty() ? "" : path + ".") + std::string(name.substr(0, kMostShown));
}

Problem check_object(json::object& object, std::span<const Field> fields, const std::string& path) {
  for (auto& entry : object) {
    const std::string name(entry.key().data(), entry.key().size());
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& each) { return each.name == name; });
    if (field == fields.end()) return unknown_field(name, member_path(path, name), fields);
    if (auto problem = check_value(entry.value(), *field, member_path(path, name))) return problem;
  }
  for (const Field& field : fields) {
    if (!field.required || object.contains({field.name.data(), field.name.size()})) continue;
    const std::string full = member_path(path, field.name);
    return make_error(Errc::missing_parameter, "`" + full + "` is missing.", full);
  }
  return {};
}

Problem check_array(json::value& value, const Field& field, const std::string& path) {
  if (!value.is_array()) return wrong(path, "must be an array");
  json::array& array = value.get_array();
  const auto size = static_cast<double>(array.size());
  if (auto problem = check_range(size, field, path, " items long")) return problem;
  const Field item{.name = field.name,
                   .type = field.members.empty() ? field.items : FieldType::object,
                   .one_of = field.one_of,
                   .members = field.members};
  const bool names_too = field.items == FieldType::string && !field.members.empty();
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (names_too && array[i].is_string()) continue;
    auto problem = check_value(array[i], item, path + "[" + std::to_string(i) + "]");
    if (problem) return problem;
  }
  return {};
}

Problem check_value(json::value& value, const Field& field, const std::string& path) {
  if (value.is_null() && field.nullable) return {};
  switch (field.type) {
    case FieldType::string: return check_string(value, field, path);
    case FieldType::boolean:
      return value.is_bool() ? Problem{} : wrong(path, "must be true or false");
    case FieldType::integer: return check_integer(value, field, path);
    case FieldType::number: return check_number(value, field, path);
    case FieldType::timestamp:
      return parse_rfc3339(text_of(value))
                 ? Problem{}
                 : wrong(path, "must be a time as in RFC 3339, such as 2026-11-21T08:00:00Z");
    case FieldType::duration:
      return config::yaml::parse_duration(text_of(value))
                 ? Problem{}
                 : wrong(path, "must be a duration such as 250ms, 5s, 10m, 1h or 30d");
    case FieldType::object:
      if (!value.is_object()) return wrong(path, "must be an object");
      return field.members.empty() ? Problem{}
                                   : check_object(value.get_object(), field.members, path);
    case FieldType::array: return check_array(value, field, path);
    case FieldType::any: return {};
  }
  return {};
}

}  // namespace

Result<json::object> read_body(const AdminRequest& request, const Fields& fields) {
  json::object object;
  if (!request.body.empty()) {
    Result<json::value> value = parse_json(request.body);
    if (!value) return value.error();
    if (!value->is_object()) {
      return make_error(Errc::invalid_json, "The body must be a JSON object: {...}.");
    }
    object = std::move(value->get_object());
  }
  if (auto problem = check_object(object, fields.fields, {})) return std::move(*problem);
  return object;
}

Result<void> check_answer(std::string_view body, const Fields& fields) {
  Result<json::value> value = parse_json(body);
  if (!value) return value.error();
  if (!value->is_object()) return make_error(Errc::invalid_json, "The answer is not an object.");
  const auto page = page_fields(fields);
  auto problem = check_object(value->get_object(),
                              fields.is_page ? std::span<const Field>(page) : fields.fields, {});
  if (problem) return std::move(*problem);
  return {};
}

std::array<Field, 3> page_fields(const Fields& fields) {
  return {{{.name = "data", .type = FieldType::array, .required = true, .members = fields.fields},
           {.name = "has_more", .type = FieldType::boolean, .required = true},
           {.name = "next_cursor", .required = true, .nullable = true}}};
}

}  // namespace tallygate::api
