#pragma once
// The chunked coding of RFC 9112 section 7.1, read strictly: a hexadecimal size of at most 16
// digits without sign, blank or prefix, CRLF exactly, extensions and trailers capped at
// kMaxChunkLineBytes and dropped. Takes bytes in any pieces, buffers none of them. Pure.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "base/result.h"

namespace tallygate::http {

class ChunkDecoder {
 public:
  static constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

  /// `malformed` codes what breaks a rule. More than `max_bytes` of payload and extensions together
  /// is body_too_large (extensions count, or a sender could make us read without end).
  explicit ChunkDecoder(Errc malformed, std::uint64_t max_bytes = kUnlimited)
      : budget_(max_bytes), max_bytes_(max_bytes), malformed_(malformed) {}

  /// Ready for the next body.
  void reset() { *this = ChunkDecoder(malformed_, max_bytes_); }

  /// Calls `sink(context, data)` with each piece of payload, views into `bytes`. Returns how many
  /// bytes were consumed: all of them unless the body ends before. Fails the same way ever after.
  using Sink = void (*)(void* context, std::string_view data);
  Result<std::size_t> decode(std::string_view bytes, Sink sink, void* context);

  bool done() const { return state_ == State::done; }

 private:
  enum class State : std::uint8_t {
    size_start,  // the first digit
    size,        // more digits
    extension,   // behind ';'
    size_line_feed,
    data,
    data_return,  // CR behind the payload
    data_line_feed,
    trailer_start,  // a trailer's name, or the CR of the last line
    trailer_name,
    trailer_value,
    trailer_line_feed,
    last_line_feed,
    done,
    failed
  };

  // Each takes one byte and returns what is wrong with it, or null.
  const char* take(char c);
  const char* take_size(char c);
  const char* end_size_line();
  const char* take_trailer(char c);

  std::uint64_t size_ = 0;    // of this chunk; while data: what is still to come
  std::uint64_t budget_ = 0;  // payload and extension bytes that may still come
  std::uint64_t max_bytes_ = 0;
  std::size_t line_bytes_ = 0;  // of this size line, or of all trailers
  const char* fault_ = nullptr;
  std::uint8_t digits_ = 0;
  State state_ = State::size_start;
  Errc malformed_;
};

}  // namespace tallygate::http
