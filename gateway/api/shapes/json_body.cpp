#include "gateway/api/shapes/json_body.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/yaml/scalars.h"
#include "gateway/wire/errors.h"

namespace tallygate::api {
namespace {

namespace json = boost::json;
using boost::json::error_code;

/// Sees what a finished value no longer shows: keys that come twice. Returning false stops.
class StrictReader {
 public:
  static constexpr std::size_t max_object_size = kMaxJsonBytes;
  static constexpr std::size_t max_array_size = kMaxJsonBytes;
  static constexpr std::size_t max_key_size = kMaxJsonBytes;
  static constexpr std::size_t max_string_size = kMaxJsonBytes;

  std::string problem;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) {
    keys_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, error_code&) {
    keys_.pop_back();
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t, error_code&) { return true; }

  bool on_key_part(json::string_view part, std::size_t, error_code& stop) {
    key_.append(part.data(), part.size());
    return accept_text(part, stop);
  }
  bool on_key(json::string_view part, std::size_t, error_code& stop) {
    key_.append(part.data(), part.size());
    if (!accept_text(part, stop)) return false;
    const bool fresh = keys_.back().insert(key_).second;
    if (!fresh) problem = "an object has the key `" + key_.substr(0, 64) + "` twice";
    key_.clear();
    return fresh || refuse(stop);
  }
  bool on_string_part(json::string_view part, std::size_t, error_code& stop) {
    return accept_text(part, stop);
  }
  bool on_string(json::string_view part, std::size_t, error_code& stop) {
    return accept_text(part, stop);
  }

  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, error_code&) { return true; }
  bool on_double(double value, json::string_view, error_code& stop) {
    if (std::isfinite(value)) return true;
    problem = "a number is too large";
    return refuse(stop);
  }
  bool on_bool(bool, error_code&) { return true; }
  bool on_null(error_code&) { return true; }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

 private:
  static bool refuse(error_code& stop) {
    stop = json::error::syntax;
    return false;
  }
  bool accept_text(json::string_view text, error_code& stop) {
    for (const char c : text) {
      if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r' || c == '\t') continue;
      problem = "a text holds a control character";
      return refuse(stop);
    }
    return true;
  }

  std::vector<std::set<std::string>> keys_;
  std::string key_;
};

std::string_view view_of(json::string_view text) { return {text.data(), text.size()}; }

void append(std::string& out, const json::value& value);

void append_members(std::string& out, const json::object& object) {
  out += '{';
  const char* comma = "";
  for (const auto& member : object) {
    out.append(std::exchange(comma, ",")).append("\"");
    wire::append_json_escaped(out, view_of(member.key()));
    append(out.append("\":"), member.value());
  }
  out += '}';
}

void append_items(std::string& out, const json::array& array) {
  out += '[';
  const char* comma = "";
  for (const json::value& item : array) append(out.append(std::exchange(comma, ",")), item);
  out += ']';
}

/// As deep as kMaxJsonDepth: what is rendered was parsed.
void append(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::object: return append_members(out, value.get_object());
    case json::kind::array: return append_items(out, value.get_array());
    case json::kind::string:
      out += '"';
      wire::append_json_escaped(out, view_of(value.get_string()));
      out += '"';
      return;
    case json::kind::double_:  // and -0 is 0
      out += config::yaml::render_number(value.get_double() + 0.0);
      return;
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::bool_:
    case json::kind::null: out += json::serialize(value); return;
  }
}

}  // namespace

std::string render_json(const json::value& value) {
  std::string text;
  append(text, value);
  return text;
}

Result<json::value> parse_json(std::string_view text) {
  if (text.size() > kMaxJsonBytes) {
    return make_error(Errc::body_too_large,
                      "A JSON body has at most " + std::to_string(kMaxJsonBytes) + " bytes.");
  }
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::basic_parser<StrictReader> reader(options);
  error_code failed;
  const std::size_t at = reader.write_some(false, text.data(), text.size(), failed);
  json::value value;
  if (!failed) value = json::parse({text.data(), text.size()}, failed, {}, options);
  if (!failed) return value;
  const std::string& known = reader.handler().problem;
  return make_error(Errc::invalid_json, "The body is not acceptable JSON near byte " +
                                            std::to_string(at) + ": " +
                                            (known.empty() ? failed.message() : known) + ".");
}

}  // namespace tallygate::api
