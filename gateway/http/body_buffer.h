#pragma once
// A request body that does not lie whole in the input buffer: too large for it, or chunked. Grows
// by realloc, so that its pages are only touched as bytes arrive, and keeps simdjson's padding.

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>

#include "gateway/wire/inspect.h"

namespace tallygate::http {

/// What all BodyBuffers of the process hold, and how much they may. Any thread.
struct BodyRoom {
  std::atomic<std::uint64_t> held{0};
  std::atomic<std::uint64_t> most{UINT64_MAX};
};

class BodyBuffer {
 public:
  explicit BodyBuffer(BodyRoom& room) : room_(room) {}
  BodyBuffer(const BodyBuffer&) = delete;
  BodyBuffer& operator=(const BodyBuffer&) = delete;
  ~BodyBuffer() { release(); }

  /// Whether its last growth took more than there was room for. The body should be given up.
  bool is_crowded_out() const { return crowded_out_; }
  std::string_view view() const { return {bytes_.get(), size_}; }
  std::size_t size() const { return size_; }

  void append(std::string_view data) {
    if (data.empty()) return;
    reserve(size_ + data.size());
    std::memcpy(bytes_.get() + size_, data.data(), data.size());
    size_ += data.size();
  }

  /// Room for reading straight from a socket, up to `wanted` bytes in all.
  std::span<char> space(std::size_t wanted) {
    if (size_ == capacity_) reserve(wanted < kStep ? wanted : std::min(wanted, size_ * 2 + kStep));
    return {bytes_.get() + size_, std::min(capacity_, wanted) - size_};
  }
  void filled(std::size_t bytes) { size_ += bytes; }

  void clear() { size_ = 0; }
  void release() {
    if (capacity_ == 0) return;  // as of most requests: the room is shared by all workers
    bytes_.reset();
    room_.held.fetch_sub(capacity_, std::memory_order_relaxed);
    size_ = capacity_ = 0;
    crowded_out_ = false;
  }

 private:
  static constexpr std::size_t kStep = 512 * 1024;
  struct Free {
    void operator()(char* bytes) const { std::free(bytes); }
  };

  void reserve(std::size_t bytes) {
    if (bytes <= capacity_) return;
    const std::size_t capacity = std::max(bytes, capacity_ + capacity_ / 2);
    auto* grown = static_cast<char*>(std::realloc(bytes_.get(), capacity + wire::kJsonPadding));
    if (grown == nullptr) throw std::bad_alloc();
    static_cast<void>(bytes_.release());
    bytes_.reset(grown);
    const std::uint64_t more = capacity - capacity_;
    const auto held = room_.held.fetch_add(more, std::memory_order_relaxed) + more;
    crowded_out_ = held > room_.most.load(std::memory_order_relaxed);
    capacity_ = capacity;
  }

  BodyRoom& room_;
  bool crowded_out_ = false;
  std::unique_ptr<char, Free> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace tallygate::http
