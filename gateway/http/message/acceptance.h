#pragma once
// The acceptance layer: what a client may send. head_scanner finds the lines, field_lines cuts
// them; the rules on top (reference wire.md section 1, B1 to B16) refuse every framing that two
// parsers could read differently. Never repairs. Pure: fed with bytes, no socket. One per
// connection, reset() between requests; no allocation while it keeps its memory.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "gateway/http/message/head.h"

namespace tallygate::http {

struct AcceptanceLimits {
  std::size_t header_bytes = 32 * 1024;
  std::uint32_t header_count = 100;
  std::size_t body_bytes = std::size_t{32} << 20;
};

class RequestParser {
 public:
  explicit RequestParser(const AcceptanceLimits& limits);
  ~RequestParser();

  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;

  /// Ready for the next request; keeps its memory (about 1.4 KiB after the first head).
  void reset();
  /// As reset(), and frees that memory: for a connection that goes idle.
  void release();

  /// Parses a head from the front of `bytes` (all that was received of this request so far; call
  /// again with more appended at the same or a new address). Returns the number of bytes the head
  /// takes, 0 = not complete yet. On success `head()` views into `bytes`. One empty line before the
  /// request line is tolerated and counted into the result. A failure means: answer it, close.
  Result<std::size_t> parse_head(std::string_view bytes);
  const RequestHead& head() const;

  /// True if the request has a body that is still to be read after the head.
  bool has_body() const;

  /// For chunked bodies only, after the head: decodes chunks from the front of `bytes` and calls
  /// `sink(context, data)` with each piece of payload. Returns how many bytes were consumed; call
  /// again with what is left and more. Trailers are dropped. Enforces body_bytes (body_too_large)
  /// and the caps on chunk-size lines, extensions and trailers.
  using Sink = void (*)(void* context, std::string_view data);
  Result<std::size_t> parse_chunks(std::string_view bytes, Sink sink, void* context);
  bool chunks_done() const;

 private:
  struct State;
  AcceptanceLimits limits_;
  std::unique_ptr<State> state_;  // made by the first parse_head
};

}  // namespace tallygate::http
