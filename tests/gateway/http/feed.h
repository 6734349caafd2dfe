#pragma once
// Feeds a parser the same bytes in different cuts and prints what it made of them as text, so that
// tests compare whole outcomes. Each call gets the bytes at a new address, as after a buffer grew.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "gateway/http/message/acceptance.h"
#include "gateway/http/message/response_parser.h"

namespace tallygate::http {

/// How many bytes the next read brings, given how many are left.
using Cut = std::function<std::size_t(std::size_t)>;

inline Cut whole() {
  return [](std::size_t left) { return left; };
}
inline Cut one_byte() {
  return [](std::size_t) { return std::size_t{1}; };
}
inline Cut random_cuts(std::uint32_t seed) {
  return [dice = std::make_shared<std::mt19937>(seed)](std::size_t left) {
    const std::size_t most = (*dice)() % 2 == 0 ? 8 : left;
    return 1 + (*dice)() % (most == 0 ? 1 : most);
  };
}

inline std::string print_error(const Error& error) {
  return "error " + std::string(traits_of(error.code).code) + " '" + error.message + "' (" +
         error.param + ")";
}

inline std::string print_fields(const Fields& fields) {
  std::string text;
  for (const Field& field : fields) {
    text.append("\n").append(field.name).append("=").append(field.value);
  }
  return text;
}

inline std::string print_length(std::optional<std::uint64_t> length) {
  return length ? std::to_string(*length) : "-";
}

inline std::string print_head(const RequestHead& head) {
  const auto flag = [](bool value, const char* name) { return value ? name : ""; };
  return std::string(head.method_text) + " " + std::string(head.target) +
         " path=" + std::string(head.path) + " query=" + std::string(head.query) +
         flag(head.http_1_0, " http/1.0") + flag(head.keep_alive, " keep-alive") +
         flag(head.chunked, " chunked") + flag(head.expect_continue, " expect") +
         " length=" + print_length(head.content_length) + " host=" + std::string(head.host) +
         " type=" + std::string(head.content_type) + " auth=" + std::string(head.authorization) +
         print_fields(head.fields);
}

inline std::string print_head(const ResponseHead& head) {
  return std::to_string(head.status) + (head.keep_alive ? " keep-alive" : "") +
         (head.chunked ? " chunked" : "") + (head.event_stream ? " events" : "") +
         " length=" + print_length(head.content_length) + print_fields(head.fields);
}

inline void append_payload(void* context, std::string_view data) {
  static_cast<std::string*>(context)->append(data);
}

/// Parses a head with `parser`, more bytes at each call. Its size, 0 if the bytes run out. Long
/// inputs stay where they are: a copy for every byte would take seconds.
template <class Parser>
Result<std::size_t> feed_head(Parser& parser, std::string_view bytes, const Cut& cut,
                              std::unique_ptr<std::string>& buffer) {
  for (std::size_t have = 0; have < bytes.size();) {
    have += std::min(cut(bytes.size() - have), bytes.size() - have);
    std::string_view seen = bytes.substr(0, have);
    if (bytes.size() <= 4096) {
      auto copy = std::make_unique<std::string>(seen);
      buffer = std::move(copy);  // only now is the old address gone
      seen = *buffer;
    }
    Result<std::size_t> size = parser.parse_head(seen);
    if (!size || *size > 0) return size;
  }
  return std::size_t{0};
}

/// Feeds body bytes to `decode(piece)` and `done()` the way a connection does.
template <class Decode, class Done>
Result<std::size_t> feed_body(std::string_view bytes, const Cut& cut, Decode decode, Done done) {
  std::size_t consumed = 0;
  while (consumed < bytes.size() && !done()) {
    const std::size_t left = bytes.size() - consumed;
    const std::string piece(bytes.substr(consumed, std::min(cut(left), left)));
    const Result<std::size_t> used = decode(std::string_view(piece));
    if (!used) return used;
    consumed += *used;
    if (*used == 0) break;
  }
  return consumed;
}

/// All that `parser` makes of the front of `bytes`; `*used` gets the size of the whole message.
inline std::string print_request(RequestParser& parser, std::string_view bytes, const Cut& cut,
                                 std::size_t* used = nullptr) {
  std::unique_ptr<std::string> buffer;
  const Result<std::size_t> size = feed_head(parser, bytes, cut, buffer);
  if (!size) return print_error(size.error());
  if (*size == 0) return "incomplete";
  std::string text = print_head(parser.head()) + "\nhead " + std::to_string(*size);
  std::size_t end = *size + parser.head().content_length.value_or(0);
  if (parser.head().chunked) {
    std::string payload;
    const Result<std::size_t> body = feed_body(
        bytes.substr(*size), cut,
        [&](std::string_view piece) {
          return parser.parse_chunks(piece, append_payload, &payload);
        },
        [&] { return parser.chunks_done(); });
    text += " body '" + payload + "' ";
    if (!body) return text + print_error(body.error());
    text += std::to_string(*body) + (parser.chunks_done() ? " done" : " incomplete");
    end = *size + *body;
  }
  if (used != nullptr) *used = end;
  return text;
}

inline std::string print_request(std::string_view bytes, const Cut& cut,
                                 const AcceptanceLimits& limits = {}) {
  RequestParser parser(limits);
  return print_request(parser, bytes, cut);
}

inline std::string print_response(std::string_view bytes, const Cut& cut, bool head_request) {
  ResponseParser parser;
  parser.reset(head_request);
  std::unique_ptr<std::string> buffer;
  const Result<std::size_t> size = feed_head(parser, bytes, cut, buffer);
  if (!size) return print_error(size.error());
  if (*size == 0) return "incomplete";
  std::string payload;
  const Result<std::size_t> body = feed_body(
      bytes.substr(*size), cut,
      [&](std::string_view piece) { return parser.parse_body(piece, append_payload, &payload); },
      [&] { return parser.body_done(); });
  std::string text = print_head(parser.head()) + "\nhead " + std::to_string(*size) + " kind " +
                     std::to_string(static_cast<int>(parser.body_kind())) + " body '" + payload +
                     "' ";
  if (!body) return text + print_error(body.error());
  return text + std::to_string(*body) + (parser.body_done() ? " done" : " open");
}

}  // namespace tallygate::http
