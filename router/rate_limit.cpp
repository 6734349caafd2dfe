#include "router/rate_limit.h"

#include <algorithm>

namespace tallygate::router {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kMinute = std::chrono::minutes{1};
constexpr nanoseconds kMostDebt = std::chrono::hours{1};
/// Times a minute in nanoseconds it still fits.
constexpr std::uint64_t kMostCost = 100'000'000;

nanoseconds time_of(std::uint64_t cost, RateLimit limit) {
  const std::uint64_t minute = static_cast<std::uint64_t>(kMinute.count());
  return nanoseconds{
      static_cast<std::int64_t>(std::min(cost, kMostCost) * minute / limit.per_minute)};
}

std::uint64_t worth_of(nanoseconds time, RateLimit limit) {
  if (time <= nanoseconds{0}) return 0;
  return static_cast<std::uint64_t>(static_cast<double>(time.count()) *
                                    static_cast<double>(limit.per_minute) /
                                    static_cast<double>(kMinute.count()));
}

}  // namespace

RateDecision take_from_bucket(RateLimit limit, FullAt full_at, nanoseconds now,
                              std::uint64_t cost) {
  RateDecision decision;
  decision.full_at = full_at;
  if (limit.per_minute == 0) return decision;
  const nanoseconds before = std::max(full_at, now);
  const nanoseconds after = before + time_of(cost, limit);
  const nanoseconds excess = after - now - kMinute;
  decision.allowed = excess <= nanoseconds{0};
  if (decision.allowed) {
    decision.full_at = after;
  } else {
    decision.retry_after = excess;
  }
  decision.reset_after = (decision.allowed ? after : before) - now;
  decision.remaining = worth_of(kMinute - decision.reset_after, limit);
  return decision;
}

FullAt charge_bucket(RateLimit limit, FullAt full_at, nanoseconds now, std::uint64_t cost) {
  if (limit.per_minute == 0) return full_at;
  return std::min(std::max(full_at, now) + time_of(cost, limit), now + kMostDebt);
}

}  // namespace tallygate::router
