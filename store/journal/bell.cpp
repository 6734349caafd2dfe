#include "store/journal/bell.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

namespace tallygate::store {
namespace {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

void futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value,
           const timespec* timeout) {
  syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), operation | FUTEX_PRIVATE_FLAG, value,
          timeout, nullptr, 0);
}

}  // namespace

void Bell::ring() {
  if (state_.exchange(kRung) == kAsleep) futex(state_, FUTEX_WAKE, 1, nullptr);
}

void Bell::sleep(Deadline deadline) {
  std::uint32_t expected = kAwake;
  if (!state_.compare_exchange_strong(expected, kAsleep)) return;
  timespec timeout{};
  if (deadline) {
    const auto wait = *deadline - std::chrono::steady_clock::now();
    if (wait.count() <= 0) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
    timeout.tv_sec = seconds.count();
    timeout.tv_nsec = std::chrono::nanoseconds(wait - seconds).count();
  }
  futex(state_, FUTEX_WAIT, kAsleep, deadline ? &timeout : nullptr);
}

}  // namespace tallygate::store
