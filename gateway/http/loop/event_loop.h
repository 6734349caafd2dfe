#pragma once
// What every connection of one worker shares: readiness, deadlines, buffers, and the time at which
// this turn of the loop began. One worker's thread only (but for Reactor::interrupt).

#include <memory>
#include <span>

#include "gateway/http/buffer_pool.h"
#include "gateway/http/loop/parking.h"
#include "gateway/http/loop/reactor.h"

namespace tallygate::http {

struct EventLoop {
  static constexpr std::size_t kScratchBytes = 64 * 1024;

  Reactor reactor;
  Deadlines deadlines;
  Sleepers sleepers;
  BufferPool buffers;
  Moment now{};

  /// Upstream bytes pass through here on their way; never held across a park.
  std::span<char> scratch() { return {scratch_.get(), kScratchBytes}; }

 private:
  std::unique_ptr<char[]> scratch_{new char[kScratchBytes]};
};

}  // namespace tallygate::http
