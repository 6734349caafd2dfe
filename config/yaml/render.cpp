#include "config/yaml/render.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string_view>

#include "config/yaml/scalars.h"

namespace tallygate::config::yaml {
namespace {

namespace json = boost::json;

std::string view_of(const json::string& text) { return {text.data(), text.size()}; }

std::string scalar_as_json(const json::value& value) {
  return value.is_double() ? render_number(value.get_double()) : json::serialize(value);
}

/// Plain only where no YAML reader could take it for a number, a boolean, null or syntax.
bool may_stand_plain(std::string_view text) {
  constexpr std::array<std::string_view, 7> kWords = {"true", "false", "yes", "no",
                                                      "on",   "off",   "null"};
  if (text.size() < 2 || (!is_letter(text.front()) && text.front() != '/')) return false;
  const auto is_text = [&](std::string_view word) { return equals_ignoring_case(text, word); };
  if (std::any_of(kWords.begin(), kWords.end(), is_text)) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || std::string_view("_-./").find(c) != std::string::npos;
  });
}

std::string scalar_as_yaml(const json::value& value) {
  if (value.is_string()) {
    std::string text = view_of(value.get_string());
    const bool duration =
        !text.empty() && is_digit(text.front()) && is_letter(text.back()) &&
        std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c); }) &&
        (parse_duration(text) || parse_size(text));
    return duration || may_stand_plain(text) ? text : json::serialize(value);
  }
  return scalar_as_json(value);
}

void append_list(const json::array& list, std::string& out) {
  // Every list of the settings holds scalars.
  out += '[';
  for (std::size_t i = 0; i < list.size(); ++i) {
    out += (i == 0 ? "" : ", ") + scalar_as_yaml(list[i]);
  }
  out += ']';
}

void append_yaml(const json::object& object, std::size_t indent, std::string& out) {
  for (const auto& [key, value] : object) {
    out.append(indent, ' ');
    out += scalar_as_yaml(json::value(key)) + ":";
    if (value.is_object() && !value.get_object().empty()) {
      out += '\n';
      append_yaml(value.get_object(), indent + 2, out);
      continue;
    }
    out += ' ';
    if (value.is_object()) {
      out += "{}";
    } else if (value.is_array()) {
      append_list(value.get_array(), out);
    } else {
      out += scalar_as_yaml(value);
    }
    out += '\n';
  }
}

constexpr std::size_t kMaxColumns = 100;

/// On one line, without spaces at the ends.
std::string compact_json(const json::value& value) {
  std::string out;
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) {
      out += (out.empty() ? "" : ", ") + compact_json(item);
    }
    return "[" + out + "]";
  }
  if (!value.is_object()) return scalar_as_json(value);
  for (const auto& [key, member] : value.get_object()) {
    out +=
        (out.empty() ? "" : ", ") + json::serialize(json::value(key)) + ": " + compact_json(member);
  }
  return "{" + out + "}";
}

/// `prefix` is what stands on the line before the value.
void append_json(const std::string& prefix, const json::value& value, std::size_t indent,
                 std::string& out) {
  out.append(indent, ' ') += prefix;
  const std::string line = compact_json(value);
  const bool fits = indent + prefix.size() + line.size() < kMaxColumns;
  if (fits || !(value.is_array() || value.is_object())) {
    out += line;
    return;
  }
  out += value.is_array() ? '[' : '{';
  const char* separator = "\n";
  const auto next = [&](const std::string& name, const json::value& member) {
    out += separator;
    separator = ",\n";
    append_json(name, member, indent + 2, out);
  };
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) next("", item);
  } else {
    for (const auto& [key, member] : value.get_object()) {
      next(json::serialize(json::value(key)) + ": ", member);
    }
  }
  out.append("\n").append(indent, ' ') += value.is_array() ? ']' : '}';
}

}  // namespace

std::string render_yaml(const json::value& value) {
  std::string out;
  if (value.is_object()) append_yaml(value.get_object(), 0, out);
  return out.empty() ? "{}\n" : out;
}

std::string render_json(const json::value& value) {
  std::string out;
  append_json("", value, 0, out);
  return out + "\n";
}

}  // namespace tallygate::config::yaml
