#include "gateway/exchange/attempt/retry_budget.h"

namespace tallygate {
namespace {

constexpr int kSecondShift = 32;
constexpr std::uint64_t kCountMask = (std::uint64_t{1} << kSecondShift) - 1;

std::uint64_t second_of(std::uint64_t bucket) { return bucket >> kSecondShift; }
std::uint64_t count_of(std::uint64_t bucket) { return bucket & kCountMask; }

}  // namespace

bool RetryFloor::take(SteadyTime now, std::uint32_t floor) {
  const auto second = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  std::atomic<std::uint64_t>& bucket = buckets_[second % kSeconds];
  std::uint64_t before = bucket.load();
  std::uint64_t after = 0;
  do {
    if (second_of(before) > second) return false;  // a worker that lags far behind
    after = second_of(before) == second ? before + 1 : (second << kSecondShift) + 1;
  } while (!bucket.compare_exchange_weak(before, after));
  // Taken first and counted then, so that two workers never share the last one.
  if (taken_within(second) <= floor) return true;
  before = bucket.load();
  while (second_of(before) == second && !bucket.compare_exchange_weak(before, before - 1)) {
  }
  return false;
}

std::uint64_t RetryFloor::taken_within(std::uint64_t second) const {
  std::uint64_t taken = 0;
  for (const auto& bucket : buckets_) {
    const std::uint64_t value = bucket.load();
    if (second_of(value) + kSeconds > second) taken += count_of(value);
  }
  return taken;
}

}  // namespace tallygate
