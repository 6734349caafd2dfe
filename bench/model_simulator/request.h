#pragma once
// Takes one HTTP/1.1 request from bytes as they arrive. It trusts its clients in what it accepts,
// since gates are tested against it, but never reads outside its input and bounds the head.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tallygate::simulator {

/// Whole request; `head` keeps every byte up to and including the empty line.
struct Request {
  std::string head;
  std::string body;  ///< unchunked

  std::string_view method() const;
  std::string_view target() const;
  /// First field of that name, any case, blanks trimmed; empty if there is none.
  std::string_view header(std::string_view name) const;
  std::vector<std::pair<std::string_view, std::string_view>> headers() const;
};

class RequestReader {
 public:
  enum class State : std::uint8_t { head, body, complete, bad };

  /// Takes what belongs to the current request and returns how much that was. Once complete (or
  /// bad) it takes nothing until `restart`.
  std::size_t feed(std::string_view bytes);
  State state() const { return state_; }
  bool head_complete() const { return state_ == State::body || state_ == State::complete; }
  bool empty() const { return state_ == State::head && request_.head.empty(); }
  /// Ready for the next request; memory beyond what small requests need is given back.
  void restart();
  Request& request() { return request_; }

 private:
  enum class Chunk : std::uint8_t { size, data, data_end, trailer };
  std::size_t feed_head(std::string_view bytes);
  std::size_t feed_chunks(std::string_view bytes);
  bool take_line(std::string_view bytes, std::size_t& at);
  void after_head();
  void after_chunk_line();

  Request request_;
  std::string line_;
  std::uint64_t left_ = 0;  ///< of the body or of the chunk
  State state_ = State::head;
  Chunk chunk_ = Chunk::size;
  bool chunked_ = false;
};

}  // namespace tallygate::simulator
