#pragma once
// What a client has sent and the gate has not finished with: the request being served and, behind
// it, pipelined ones. Borrows a pooled buffer; grows once for a large head. Views into it hold
// until grow(), consume() or release().

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "gateway/http/buffer_pool.h"
#include "gateway/wire/inspect.h"

namespace tallygate::http {

class InputBuffer {
 public:
  explicit InputBuffer(BufferPool& pool) : pool_(&pool) {}

  std::string_view view() const { return {data() + begin_, end_ - begin_}; }

  /// Where the next bytes go; empty when full. Some padding behind it always stays readable.
  std::span<char> space() {
    if (!small_ && !large_) borrow();
    return {data() + end_, capacity_ - end_};
  }
  void filled(std::size_t bytes) { end_ += bytes; }

  /// The request and `extra_bytes` more fit without moving what is there.
  bool has_room_for(std::size_t bytes_from_begin) const {
    return begin_ + bytes_from_begin <= capacity_;
  }

  /// Moves to a buffer that holds at least `bytes`: only while nothing views into this one.
  void grow(std::size_t bytes) {
    const std::size_t capacity = bytes + wire::kJsonPadding;
    std::unique_ptr<char[]> larger(new char[capacity]);
    const std::string_view kept = view();
    std::copy(kept.begin(), kept.end(), larger.get());
    end_ = kept.size();
    begin_ = 0;
    capacity_ = bytes;
    large_ = std::move(larger);
    small_.release();
  }

  /// Between requests: what is left moves to the front, and `bytes`, which were read past it
  /// elsewhere, follow. Empties `bytes`.
  void restore(std::string& bytes) {
    if (begin_ > 0) {
      std::memmove(data(), data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (bytes.empty()) return;
    if (space().size() < bytes.size()) grow(view().size() + bytes.size());
    std::memcpy(space().data(), bytes.data(), bytes.size());
    filled(bytes.size());
    bytes.clear();
  }

  /// Drops the front; gives the memory back once nothing is left.
  void consume(std::size_t bytes) {
    begin_ += bytes;
    if (begin_ == end_) release();
  }

  void release() {
    small_.release();
    large_.reset();
    begin_ = end_ = capacity_ = 0;
  }

 private:
  void borrow() {
    small_ = pool_->take();
    capacity_ = BufferPool::kBufferBytes - wire::kJsonPadding;
  }
  char* data() const { return large_ ? large_.get() : small_.data(); }

  BufferPool* pool_;
  Buffer small_;
  std::unique_ptr<char[]> large_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace tallygate::http
