#include "gateway/http/message/chunk_decoder.h"

#include <algorithm>
#include <string>

#include "base/limits.h"
#include "gateway/http/message/characters.h"

namespace tallygate::http {
namespace {

constexpr int kMaxSizeDigits = 16;
constexpr const char* kOverBudget = "over budget";  // compared by address

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

Result<std::size_t> ChunkDecoder::decode(std::string_view bytes, Sink sink, void* context) {
  std::size_t at = 0;
  while (at < bytes.size() && state_ != State::done && state_ != State::failed) {
    if (state_ == State::data) {
      const auto piece =
          static_cast<std::size_t>(std::min<std::uint64_t>(size_, bytes.size() - at));
      sink(context, bytes.substr(at, piece));
      at += piece;
      size_ -= piece;
      if (size_ == 0) state_ = State::data_return;
      continue;
    }
    fault_ = take(bytes[at++]);
    if (fault_ != nullptr) state_ = State::failed;
  }
  if (state_ != State::failed) return at;
  if (fault_ == kOverBudget) {
    return make_error(Errc::body_too_large,
                      "the body is larger than " + std::to_string(max_bytes_) + " bytes");
  }
  return make_error(malformed_, std::string("chunked body: ") + fault_);
}

const char* ChunkDecoder::take(char c) {
  switch (state_) {
    case State::size_start:
    case State::size:
    case State::extension: return take_size(c);
    case State::size_line_feed:
      return c == '\n' ? end_size_line() : "CR without LF behind a chunk size";
    case State::data_return:
      state_ = State::data_line_feed;
      return c == '\r' ? nullptr : "a chunk is longer than its size says, or lacks its CRLF";
    case State::data_line_feed:
      state_ = State::size_start;
      return c == '\n' ? nullptr : "CR without LF behind a chunk";
    case State::trailer_start:
    case State::trailer_name:
    case State::trailer_value:
    case State::trailer_line_feed:
    case State::last_line_feed: return take_trailer(c);
    case State::data:
    case State::done:
    case State::failed: break;
  }
  return "bytes behind the end";
}

const char* ChunkDecoder::take_size(char c) {
  if (++line_bytes_ > kMaxChunkLineBytes) return "a chunk size line is too long";
  if (state_ == State::extension) {
    if (c == '\r') {
      state_ = State::size_line_feed;
      return nullptr;
    }
    if (is_control(c)) return "a control character in a chunk extension";
    if (budget_ == 0) return kOverBudget;
    --budget_;
    return nullptr;
  }
  const int digit = hex_value(c);
  if (digit >= 0) {
    if (++digits_ > kMaxSizeDigits) return "a chunk size has more than 16 digits";
    size_ = size_ * 16 + static_cast<std::uint64_t>(digit);
    state_ = State::size;
    return nullptr;
  }
  if (state_ == State::size && c == '\r') {
    state_ = State::size_line_feed;
    return nullptr;
  }
  if (state_ == State::size && c == ';') {
    state_ = State::extension;
    return nullptr;
  }
  return "a chunk size must be hexadecimal digits only";
}

const char* ChunkDecoder::end_size_line() {
  if (size_ >> 63 != 0) return "a chunk size is 2^63 or more";
  if (size_ > budget_) return kOverBudget;
  if (budget_ != kUnlimited) budget_ -= size_;
  state_ = size_ == 0 ? State::trailer_start : State::data;
  line_bytes_ = 0;
  digits_ = 0;
  return nullptr;
}

const char* ChunkDecoder::take_trailer(char c) {
  if (++line_bytes_ > kMaxChunkLineBytes) return "the trailers are too long";
  if (state_ == State::last_line_feed || state_ == State::trailer_line_feed) {
    if (c != '\n') return "CR without LF behind the last chunk";
    state_ = state_ == State::last_line_feed ? State::done : State::trailer_start;
    return nullptr;
  }
  if (state_ == State::trailer_value) {
    if (c == '\r') {
      state_ = State::trailer_line_feed;
      return nullptr;
    }
    return is_control(c) ? "a control character in a trailer" : nullptr;
  }
  if (state_ == State::trailer_start && c == '\r') {
    state_ = State::last_line_feed;
    return nullptr;
  }
  if (state_ == State::trailer_name && c == ':') {
    state_ = State::trailer_value;
    return nullptr;
  }
  state_ = State::trailer_name;
  return is_token_char(c) ? nullptr : "a trailer must be a name, a colon and a value";
}

}  // namespace tallygate::http
