#include "gateway/exchange/exchange.h"

#include "gateway/exchange/finish.h"
#include "gateway/exchange/mirror/mirror.h"
#include "gateway/exchange/run_plan.h"
#include "gateway/http/response_writer.h"

namespace tallygate {

Exchange::Exchange(http::Session& its_session, const Endpoint& its_endpoint)
    : session(its_session),
      worker(its_session.worker),
      endpoint(its_endpoint),
      waiter{session.parking, session.client,
             session.settings().half_close == config::HalfClose::abort, nullptr},
      http_1_0(session.head().http_1_0),
      request_bytes(session.body.size()),
      started(session.head_complete),
      started_wall(worker.loop.now.wall),
      upstream_in(worker.loop.buffers),
      answer(endpoint.dialect) {}

void Exchange::set_deadline(SteadyTime from, config::Duration limit) {
  session.parking.wake_at(limit.count() == 0 ? give_up_at : std::min(give_up_at, from + limit));
}

Errc Exchange::cause_of_delay(Errc own) const {
  if (worker.patience_is_over()) return Errc::draining;
  if (!is_time_up()) return own;
  const bool had_it_all = !committed && attempts.empty() && !hurried;
  return had_it_all ? own : Errc::deadline_exceeded;
}

void Exchange::conclude(router::Outcome how, Errc why) {
  outcome = how;
  error = why;
  ended_in = phase;
}

namespace {

/// From here on the request counts as started: a record of it will follow.
void count_started(Exchange& x) {
  const router::Assignment& assignment = x.plan.assignment;
  if (assignment.experiment == 0) return;
  x.worker.journal().count_started(router::variant_key(
      {x.plan.route, x.plan.version, assignment.experiment, assignment.epoch, assignment.variant}));
}

}  // namespace

Task<void> handle_inference(http::Session& session, const Endpoint& endpoint) {
  Exchange x(session, endpoint);
  session.parking.clear_deadline();
  x.worker.retry_budget.earn(x.started);
  const Result<void> planned = plan_exchange(x, {});
  if (planned.has_error()) {
    x.worker.metrics.count_rejected(planned.error().code);
    http::write_error(session, endpoint.protocol, planned.error());
    co_await http::send_all(session);
    co_return;
  }
  count_started(x);
  std::optional<MirrorCopy> mirror = copy_for_mirror(x);
  co_await run_plan(x);
  co_await finish(x);
  if (mirror) start_mirror(std::move(*mirror));
}

}  // namespace tallygate
