#include <boost/json/array.hpp>
#include <string>

#include "gateway/api/shapes/fields.h"

namespace tallygate::api {
namespace {

namespace json = boost::json;

json::string_view text(std::string_view view) { return {view.data(), view.size()}; }

constexpr bool is_bounded_below(const Field& field) {
  return field.min != std::numeric_limits<double>::lowest();
}
constexpr bool is_bounded_above(const Field& field) {
  return field.max != std::numeric_limits<double>::max();
}

void set_type(json::object& schema, std::string_view type, bool nullable) {
  if (nullable) {
    schema["type"] = json::array{text(type), "null"};
  } else {
    schema["type"] = text(type);
  }
}

/// Whole bounds are written as whole numbers.
json::value number(double value) {
  const auto whole = static_cast<std::int64_t>(value);
  if (static_cast<double>(whole) == value) return whole;
  return value;
}

/// Bounds of texts count bytes and JSON Schema's count characters: at most as many, so only the
/// upper one holds as it is.
void set_range(json::object& schema, const Field& field, const char* min, const char* max) {
  if (min != nullptr && is_bounded_below(field)) schema[min] = number(field.min);
  if (is_bounded_above(field)) schema[max] = number(field.max);
}

void set_choices(json::object& schema, const Field& field) {
  if (field.one_of.empty()) return;
  json::array choices;
  for (const std::string_view choice : field.one_of) choices.emplace_back(text(choice));
  if (field.nullable) choices.emplace_back(nullptr);
  schema["enum"] = std::move(choices);
}

json::object object_schema(std::span<const Field> fields);

json::object field_schema(const Field& field) {
  json::object schema;
  switch (field.type) {
    case FieldType::string:
      set_type(schema, "string", field.nullable);
      set_choices(schema, field);
      set_range(schema, field, nullptr, "maxLength");
      if (is_bounded_below(field) && field.min >= 1) schema["minLength"] = 1;
      break;
    case FieldType::boolean: set_type(schema, "boolean", field.nullable); break;
    case FieldType::integer:
      set_type(schema, "integer", field.nullable);
      set_range(schema, field, "minimum", "maximum");
      break;
    case FieldType::number:
      set_type(schema, "number", field.nullable);
      set_range(schema, field, "minimum", "maximum");
      break;
    case FieldType::timestamp:
      set_type(schema, "string", field.nullable);
      schema["format"] = "date-time";
      break;
    case FieldType::duration:
      set_type(schema, "string", field.nullable);
      schema["pattern"] = "^[0-9]+(ms|s|m|h|d)$";
      break;
    case FieldType::object:
      if (!field.members.empty()) schema = object_schema(field.members);
      set_type(schema, "object", field.nullable);
      break;
    case FieldType::array: {
      set_type(schema, "array", field.nullable);
      set_range(schema, field, "minItems", "maxItems");
      const Field item{.type = field.members.empty() ? field.items : FieldType::object,
                       .one_of = field.one_of,
                       .members = field.members};
      json::object items = field_schema(item);
      if (field.items == FieldType::string && !field.members.empty()) {
        items = {{"anyOf", json::array{json::object{{"type", "string"}}, std::move(items)}}};
      }
      schema["items"] = std::move(items);
      break;
    }
    case FieldType::any: break;
  }
  if (!field.note.empty()) schema["description"] = text(field.note);
  return schema;
}

json::object object_schema(std::span<const Field> fields) {
  json::object properties;
  json::array required;
  for (const Field& field : fields) {
    properties[text(field.name)] = field_schema(field);
    if (field.required) required.emplace_back(text(field.name));
  }
  json::object schema;
  schema["type"] = "object";
  schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

}  // namespace

json::object json_schema(const Fields& fields) {
  if (!fields.is_page) return object_schema(fields.fields);
  return object_schema(page_fields(fields));
}

}  // namespace tallygate::api
