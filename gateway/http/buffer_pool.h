#pragma once
// Reading buffers that exist only while there is something to read: a connection borrows one when
// bytes arrive and gives it back when its request is done, so an idle connection holds none. Last
// in, first out, so that a busy worker stays in few cache lines. One worker's thread only.

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace tallygate::http {

class BufferPool;

/// A borrowed buffer; empty (data() == nullptr) when none is held.
class Buffer {
 public:
  Buffer() = default;
  Buffer(BufferPool& pool, std::unique_ptr<char[]> bytes)
      : pool_(&pool), bytes_(std::move(bytes)) {}
  Buffer(Buffer&& other) noexcept = default;
  Buffer& operator=(Buffer&& other) noexcept {
    release();
    pool_ = other.pool_;
    bytes_ = std::move(other.bytes_);
    return *this;
  }
  ~Buffer() { release(); }

  explicit operator bool() const { return bytes_ != nullptr; }
  char* data() const { return bytes_.get(); }
  void release();

 private:
  BufferPool* pool_ = nullptr;
  std::unique_ptr<char[]> bytes_;
};

class BufferPool {
 public:
  static constexpr std::size_t kBufferBytes = 16 * 1024;
  static constexpr std::size_t kKept = 256;  ///< more than this go back to the allocator

  Buffer take() {
    if (free_.empty()) return {*this, std::unique_ptr<char[]>(new char[kBufferBytes])};
    Buffer buffer(*this, std::move(free_.back()));
    free_.pop_back();
    return buffer;
  }

 private:
  friend class Buffer;
  void give_back(std::unique_ptr<char[]> bytes) {
    if (free_.size() < kKept) free_.push_back(std::move(bytes));
  }

  std::vector<std::unique_ptr<char[]>> free_;
};

inline void Buffer::release() {
  if (bytes_ != nullptr) pool_->give_back(std::move(bytes_));
}

}  // namespace tallygate::http
