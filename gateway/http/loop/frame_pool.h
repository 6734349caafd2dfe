#pragma once
// Frames of coroutines, kept for the next of their size: a request needs about ten, always the
// same. Per thread. Under AddressSanitizer the heap serves, so that a stale frame is found.

#include <cstddef>

namespace tallygate::http {

void* take_frame(std::size_t bytes);
void give_back_frame(void* frame, std::size_t bytes) noexcept;

/// Base of a promise whose frame comes from the pool.
struct PooledFrame {
  static void* operator new(std::size_t bytes) { return take_frame(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept {
    give_back_frame(frame, bytes);
  }
};

}  // namespace tallygate::http
