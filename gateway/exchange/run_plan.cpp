#include "gateway/exchange/run_plan.h"

#include "gateway/exchange/attempt/attempt_log.h"
#include "gateway/exchange/attempt/end_attempt.h"
#include "gateway/exchange/attempt/relay.h"
#include "gateway/exchange/attempt/relay_events.h"
#include "gateway/exchange/attempt/take_candidate.h"
#include "gateway/exchange/attempt/upstream_call.h"
#include "gateway/exchange/finish.h"
#include "gateway/exchange/own_fields.h"
#include "gateway/exchange/read_facts.h"
#include "gateway/http/response_writer.h"
#include "gateway/worker_clock.h"
#include "router/assign.h"
#include "router/retry.h"
#include "router/selection/auto_pool.h"

namespace tallygate {
namespace {

router::Outcome outcome_of(Errc cause) {
  if (cause == Errc::client_abort) return router::Outcome::client_abort;
  if (cause == Errc::client_slow) return router::Outcome::client_slow;
  return traits_of(cause).blame == Blame::upstream ? router::Outcome::upstream_error
                                                   : router::Outcome::gateway_error;
}

router::RetryDecision decide(Exchange& x, const Error& error) {
  const config::Retry& rules = x.worker.view().settings->retry;
  router::AttemptFailure failure;
  failure.cause = error.code;
  failure.status = x.upstream_head_bytes > 0 ? x.upstream->parser.head().status : 0;
  failure.reused_connection = died_in_pool(x);
  failure.already_reconnected = x.reconnected;
  failure.replayable =
      x.endpoint.repeatable && !x.facts.store && x.request_bytes <= rules.max_replay_bytes;
  failure.targets_tried = static_cast<std::uint32_t>(x.attempts.size()) + 1;
  failure.candidates_left = static_cast<std::uint32_t>(x.plan.candidate_count - x.next_candidate);
  failure.first_fallback_to_healthy = x.attempts.empty() && !x.plan.degraded;
  failure.time_left = !x.is_time_up();
  const router::RetryDecision wish = router::decide_retry(failure, rules);
  if (wish != router::RetryDecision::next_target) return wish;
  failure.budget_left = x.worker.retry_budget.spend(x.worker.loop.now.steady);
  return router::decide_retry(failure, rules);
}

void forget_attempt(Exchange& x) {
  x.upstream.reset();
  if (x.pool != nullptr) x.pool->wake_one_waiter();
  x.upstream_in.release();
  x.upstream_head_bytes = 0;
  x.upload_cut = false;
  x.answer = Answer(x.endpoint.dialect);
}

/// Waits before the next target, unless the client leaves meanwhile.
Task<bool> back_off(Exchange& x) {
  const auto number = static_cast<std::uint32_t>(x.attempts.size()) - 1;
  const auto pause = router::back_off(x.worker.view().settings->retry, number, x.worker.dice());
  const SteadyTime until = std::min(x.worker.loop.now.steady + pause, x.give_up_at);
  x.phase = router::Phase::queued;
  x.worker.loop.sleepers.add(x.session.parking, until);
  while (x.worker.loop.now.steady < until && !x.waiter.client_gone()) {
    co_await x.session.parking.park();
  }
  x.worker.loop.sleepers.remove(x.session.parking);
  co_return !x.waiter.client_gone();
}

Error draining() {
  return make_error(Errc::draining, "the gate is shutting down and cannot wait for the upstream");
}

/// No target is left: relays the last one's own words, or ours.
Task<void> give_up(Exchange& x, const Error& error) {
  x.conclude(outcome_of(error.code), error.code);
  if (error.code == Errc::client_abort) co_return;
  if (error.code == Errc::upstream_status) {
    const Result<void> relayed = co_await relay_body(x);
    if (relayed.has_error() && traits_of(relayed.error().code).blame == Blame::client) {
      x.conclude(outcome_of(relayed.error().code), relayed.error().code);
      co_return;
    }
    if (relayed.has_value() || x.committed) co_return;
  }
  std::string fields;
  append_own_fields(x, fields);
  // Where nobody was asked, or only the gate's own limits were in the way, a repetition may help.
  const bool was_asked = traits_of(error.code).blame == Blame::upstream || x.attempts.size() > 1;
  if (was_asked && error.code != Errc::draining) fields.append("x-should-retry: false\r\n");
  char id[kUuidTextBytes];
  render_uuid(x.id, id);
  http::write_error(x.session, x.endpoint.protocol, error, {id, sizeof id}, fields);
}

}  // namespace

Result<void> plan_exchange(Exchange& x, std::string_view model) {
  const WorkerView& view = x.worker.view();
  Result<router::RequestFacts> facts = read_facts(x);
  if (facts.has_error()) return facts.error();
  if (!model.empty()) facts->model = model;
  if (router::wants_continuity(*view.snapshot, *facts) && !facts->unit.empty()) {
    facts->last_served = x.worker.shared().continuity.find(router::hash_unit(facts->unit, 0));
  }
  Result<router::Plan> plan = router::plan_route(*view.snapshot, x.worker.shared().health.view(),
                                                 *facts, x.started, x.worker.dice());
  if (plan.has_error()) return plan.error();
  const access::Caller& caller = x.session.caller;
  if (auto refusal = caller.refusal_of_route(plan->route, facts->model, plan->by_pool)) {
    return std::move(*refusal);
  }
  x.plan = *plan;
  x.timeouts = view.snapshot->timeouts[x.plan.timeouts];
  if (const auto applied = apply_request_headers(x); applied.has_error()) return applied.error();
  if (x.timeouts.total.count() != 0) x.give_up_at = x.started + x.timeouts.total;
  x.id = x.worker.make_id();
  return {};
}

Task<void> run_plan(Exchange& x) {
  for (;;) {
    if (x.candidate == nullptr) x.candidate = take_candidate(x);
    Result<void> result;
    if (!reuse_connection(x)) result = co_await connect_target(x);
    if (result.has_value()) result = co_await call_target(x);
    if (result.has_value() && is_event_stream(x)) {
      result = co_await relay_events(x);
    } else if (result.has_value()) {
      result = co_await relay_body(x);
    }
    if (result.has_value() || x.committed) {
      if (result.has_error() && x.outcome == router::Outcome::ok) {
        x.conclude(outcome_of(result.error().code), result.error().code);
      }
      end_attempt(x, result);
      if (result.has_error()) log_attempt(x, result.error());
      co_return;
    }
    const router::RetryDecision decision = decide(x, result.error());
    if (decision == router::RetryDecision::same_target) {
      x.reconnected = true;
      x.worker.metrics.count_reused_reset();
      forget_attempt(x);
      continue;
    }
    end_attempt(x, result);
    log_attempt(x, result.error());
    if (x.worker.patience_is_over()) co_return co_await give_up(x, draining());
    if (decision == router::RetryDecision::give_up) co_return co_await give_up(x, result.error());
    forget_attempt(x);
    x.candidate = nullptr;
    const bool client_waits = co_await back_off(x);
    if (!client_waits) co_return x.conclude(router::Outcome::client_abort, Errc::client_abort);
  }
}

}  // namespace tallygate
