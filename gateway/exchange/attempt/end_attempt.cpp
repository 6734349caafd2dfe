#include "gateway/exchange/attempt/end_attempt.h"

#include "gateway/exchange/finish.h"
#include "gateway/upstream/retry_after.h"
#include "gateway/worker_clock.h"

namespace tallygate {
namespace {

constexpr std::uint16_t kTooManyRequests = 429;

std::uint32_t millis(SteadyTime::duration d) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
}

HealthNews news_of(const Exchange& x, HealthNews::Kind kind, const router::Attempt& attempt) {
  HealthNews news;
  news.kind = kind;
  news.slot = x.candidate->slot;
  news.target = x.candidate->target;
  const router::HealthState state = x.worker.shared().health.state(news.slot);
  news.benched_until = state.benched_until;
  news.evidence = {attempt.cause, attempt.status, x.id, x.worker.loop.now.wall,
                   state.failures_in_row};
  return news;
}

void report_bench(Exchange& x, const router::Attempt& attempt) {
  HealthNews news = news_of(x, HealthNews::Kind::benched, attempt);
  news.written = std::make_shared<std::atomic<bool>>(false);
  auto written = news.written;
  if (x.worker.shared().health.news.push(std::move(news))) x.bench_written = std::move(written);
}

void cool_down(Exchange& x, SteadyTime now) {
  // A client's own key is over its limit: that is nothing to the others.
  if (x.pool == nullptr || x.target().settings.pass_client_key) return;
  const http::ResponseHead& head = x.upstream->parser.head();
  const auto asked = read_retry_after(head.value_of("retry-after"), head.value_of("retry-after-ms"),
                                      x.worker.loop.now.wall);
  x.worker.shared().health.cool_down(x.candidate->slot, now + router::cooldown(asked));
}

/// Attempts that failed through no fault of the target's.
bool is_blameless(const Exchange& x, const router::Attempt& attempt) {
  // Only where the request may not be sent again is that an attempt at all.
  if (attempt.cause == Errc::upstream_reset) return died_in_pool(x);
  return x.answer.backlog.held_upstream_up();
}

void judge_failure(Exchange& x, const router::Attempt& attempt, SteadyTime now) {
  if (is_blameless(x, attempt)) return;
  HealthBoard& health = x.worker.shared().health;
  const router::TargetSlot slot = x.candidate->slot;
  if (attempt.cause == Errc::upstream_auth_error) {
    if (const auto count = health.misconfigured(slot, now)) {
      HealthNews news = news_of(x, HealthNews::Kind::misconfigured, attempt);
      news.count = *count;
      health.news.push(std::move(news));
    }
  } else if (attempt.status == kTooManyRequests) {
    cool_down(x, now);
  } else if (router::counts_against_target(attempt.cause, attempt.status) &&
             health.failed(slot, x.attempt_began, now, x.worker.view().settings->blacklist)) {
    report_bench(x, attempt);
  }
}

/// What the attempt says about the target's health.
void judge(Exchange& x, const router::Attempt& attempt, SteadyTime now) {
  HealthBoard& health = x.worker.shared().health;
  if (attempt.failed) {
    if (!x.worker.patience_is_over()) judge_failure(x, attempt, now);
  } else if (health.succeeded(x.candidate->slot, x.attempt_began)) {
    health.news.push(news_of(x, HealthNews::Kind::recovered, attempt));
  }
}

}  // namespace

bool died_in_pool(const Exchange& x) {
  return x.upstream != nullptr && x.upstream->reused && x.upstream_in.view().empty();
}

void end_attempt(Exchange& x, const Result<void>& result) {
  const SteadyTime now = x.ended = steady_now();
  router::Attempt attempt;
  attempt.target = x.candidate->target;
  attempt.route = x.candidate->route;
  attempt.version = x.candidate->version;
  attempt.status = x.upstream_head_bytes > 0 ? x.upstream->parser.head().status : 0;
  attempt.failed = result.has_error();
  if (attempt.failed) attempt.cause = result.error().code;
  attempt.start_ms = millis(x.attempt_began - x.started);
  attempt.duration_ms = millis(now - x.attempt_began);
  x.attempts.push_back(attempt);
  x.attempt_open = false;
  count_attempt(x, attempt, now);
  if (!x.mirror_of) judge(x, attempt, now);
  x.trial.end();
}

Task<void> await_bench_written(Exchange& x) {
  const http::EventLoop& loop = x.worker.loop;
  const SteadyTime patience = loop.now.steady + kBenchPatience;
  while (!x.bench_written->load(std::memory_order_acquire) && loop.now.steady < patience) {
    x.worker.loop.sleepers.add(x.session.parking, loop.now.steady + http::Sleepers::kTick);
    co_await x.session.parking.park();
    x.worker.loop.sleepers.remove(x.session.parking);
  }
}

}  // namespace tallygate
