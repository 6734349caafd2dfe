#include "gateway/api/json_body.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <cmath>
#include <set>
#include <string>
#include <vector>

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

}  // namespace

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
