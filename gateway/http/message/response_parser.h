#pragma once
// What an upstream may answer: reference wire.md section 2 and fault rows 30 and 31. Same contract
// as RequestParser, same strictness; every failure is upstream_bad_response. Pure. One per upstream
// connection, reset() between responses.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "gateway/http/message/head.h"

namespace tallygate::http {

enum class BodyKind : std::uint8_t { none, length, chunked, until_close };

class ResponseParser {
 public:
  ResponseParser();
  ~ResponseParser();

  ResponseParser(ResponseParser&&) noexcept;
  ResponseParser& operator=(ResponseParser&&) noexcept;

  /// `head_request`: the request was HEAD, so no body follows whatever the head says. Keeps its
  /// memory.
  void reset(bool head_request = false);
  /// As reset(), and frees that memory: for a connection that goes back to its pool.
  void release();

  /// Bytes of the final response's head, 0 = not complete yet. Interim responses (100, 102, 103)
  /// before it are consumed and dropped, at most kMaxInterimResponses; 101 is refused. When the
  /// result includes interim heads, head() is that of the final one.
  Result<std::size_t> parse_head(std::string_view bytes);
  const ResponseHead& head() const;
  BodyKind body_kind() const;

  /// Consumes body bytes from the front of `bytes` for every kind but none; calls `sink` with each
  /// piece of payload (views into `bytes`). Returns bytes consumed; stops at the message's end, so
  /// anything left over was never part of this response (close, never reuse).
  using Sink = void (*)(void* context, std::string_view data);
  Result<std::size_t> parse_body(std::string_view bytes, Sink sink, void* context);
  /// The body is complete (for until_close: never, its end is the connection's).
  bool body_done() const;

 private:
  struct State;
  bool head_request_ = false;
  std::unique_ptr<State> state_;  // made by the first parse_head
};

}  // namespace tallygate::http
