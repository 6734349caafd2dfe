#pragma once
// The head of a request or response as views into the buffer it was read into, which must not move
// while they are used.

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tallygate::http {

struct Field {
  std::string_view name;   ///< as sent
  std::string_view value;  ///< trimmed of optional white space
};
using Fields = boost::container::small_vector<Field, 32>;

/// Case-insensitive ASCII comparison of header names and tokens.
bool equals_ignoring_case(std::string_view a, std::string_view b);

/// Whether a Content-Type is `wanted` ("application/json"), with whatever parameters.
bool is_media_type(std::string_view content_type, std::string_view wanted);

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options, other };

struct RequestHead {
  Method method = Method::other;
  std::string_view method_text;
  std::string_view target;  ///< as sent
  std::string_view path;    ///< target up to '?'
  std::string_view query;   ///< behind '?', may be empty
  bool http_1_0 = false;
  bool keep_alive = true;
  bool chunked = false;
  bool expect_continue = false;
  std::optional<std::uint64_t> content_length;
  Fields fields;

  // Fields that the gate itself reads; empty when absent. Also in `fields`.
  std::string_view host, content_type, content_encoding, authorization, x_api_key, connection;

  /// First value of `name`, empty when absent.
  std::string_view value_of(std::string_view name) const;
};

struct ResponseHead {
  std::uint16_t status = 0;
  bool keep_alive = true;
  bool chunked = false;
  bool event_stream = false;  ///< Content-Type is text/event-stream
  std::optional<std::uint64_t> content_length;
  Fields fields;
  std::string_view connection;  ///< names further hop-by-hop fields

  std::string_view value_of(std::string_view name) const;
};

/// RFC 9110 section 7.6.1: Connection and what it names, Keep-Alive, TE, Trailer, ... A field that
/// the gate depends on (authorization, content-type, content-length, host) is never dropped because
/// Connection names it.
bool is_hop_by_hop(std::string_view name, std::string_view connection);

}  // namespace tallygate::http
