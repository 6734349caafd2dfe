#include "gateway/exchange/finish.h"

#include <cmath>

#include "gateway/exchange/attempt/end_attempt.h"
#include "gateway/http/loop/drain.h"
#include "gateway/worker_clock.h"

namespace tallygate {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

constexpr std::uint16_t kClientGoneStatus = 499;

std::uint32_t micros_between(SteadyTime from, SteadyTime to) {
  const auto micros = duration_cast<microseconds>(to - from).count();
  if (micros <= 0) return 0;
  return static_cast<std::uint32_t>(std::min<std::int64_t>(micros, UINT32_MAX));
}

/// USD per million tokens, so tokens * price is in millionths of a dollar.
std::int64_t cost_of(const Exchange& x, const wire::Usage& usage) {
  if (x.pool == nullptr) return 0;
  const config::Price& price = x.target().settings.price;
  return std::llround((usage.input_tokens * price.input + usage.output_tokens * price.output) *
                      1000);
}

void fill_names(const Exchange& x, router::Record& r) {
  const router::Assignment& assignment = x.plan.assignment;
  r.id = x.id;
  if (x.mirror_of) {
    r.mirrored = true;
    r.mirror_of = *x.mirror_of;
  }
  r.started = x.started_wall;
  r.route = x.plan.route;
  r.assigned_version = x.plan.version;
  r.experiment = assignment.experiment;
  r.epoch = assignment.epoch;
  r.slot = assignment.slot;
  r.variant = assignment.variant;
  r.unit_hash = assignment.unit_hash;
  if (x.candidate != nullptr) {
    r.target = x.candidate->target;
    if (x.committed) r.served_version = x.candidate->version;
  } else if (!x.attempts.empty()) {
    r.target = x.attempts.back().target;
  }
}

void fill_ending(const Exchange& x, router::Record& r) {
  const bool client_left = x.outcome == router::Outcome::client_abort;
  r.conversation = x.endpoint.conversation;
  r.outcome = x.outcome;
  r.error = x.error;
  r.phase = x.ended_in;
  r.status = client_left ? kClientGoneStatus : x.session.status;
  r.streamed = x.facts.stream;
  r.attempt_count = static_cast<std::uint8_t>(std::min<std::size_t>(x.attempts.size(), 255));
  if (x.attempts.size() > 1 || (x.attempts.size() == 1 && x.attempts[0].failed)) {
    r.attempts.assign(x.attempts.begin(), x.attempts.end());
  }
}

router::Record make_record(const Exchange& x, SteadyTime now) {
  router::Record r;
  fill_names(x, r);
  fill_ending(x, r);
  const wire::Usage& usage = x.answer.observer.usage();
  r.latency_us = micros_between(x.started, now);
  const auto limit = x.plan.assignment.max_latency;
  r.exceeded = limit.count() != 0 && now - x.started > limit;
  if (x.answer.content_seen) r.first_token_us = micros_between(x.started, x.first_content);
  r.overhead_us = x.overhead_us;
  r.input_tokens = usage.input_tokens;
  r.output_tokens = usage.output_tokens;
  r.cached_tokens = usage.cached_tokens;
  r.event_count = x.answer.events;
  r.request_bytes = x.request_bytes;
  r.response_bytes = x.session.answer_bytes + x.session.queued_bytes();
  r.cost_nano_usd = cost_of(x, usage);
  r.tags = x.tags;
  r.response_id = x.answer.observer.response_id();
  return r;
}

/// Where the upstream has not told, say because the client left before the last chunk: an event is
/// about a token, and so are four bytes. Only for limits, which nobody shall evade by leaving.
std::uint64_t tokens_to_charge(const Exchange& x, const router::Record& record) {
  constexpr std::uint64_t kBytesPerToken = 4;
  if (x.answer.observer.usage().known) return record.input_tokens + record.output_tokens;
  if (!x.committed || record.outcome == router::Outcome::client_error) return 0;
  const std::uint64_t told =
      record.streamed ? record.event_count : record.response_bytes / kBytesPerToken;
  return record.request_bytes / kBytesPerToken + told;
}

void count_inference(Exchange& x, const router::Record& record) {
  telemetry::GenAiSample sample;
  sample.record = &record;
  sample.protocol = x.endpoint.protocol;
  sample.operation = x.endpoint.operation;
  sample.variant_name = x.plan.assignment.variant_name;
  if (x.pool != nullptr) {
    sample.server_address = x.target().address_name;
    sample.server_port = x.target().port;
    if (x.committed) sample.upstream_model = x.target().model_name;
  }
  if (x.facts.stream) sample.gaps = &x.answer.gaps;
  x.worker.metrics.count_inference(sample);
}

/// Back to the pool if its answer was read to the end; else it is heard out aside, or closed.
void release_upstream(Exchange& x) {
  if (x.upstream == nullptr) return;
  const http::ResponseParser& parser = x.upstream->parser;
  const bool sound = !x.upload_cut && !x.upstream->stream.broken() &&
                     x.upstream->stream.fd() >= 0 && x.upstream_head_bytes > 0 &&
                     parser.head().keep_alive;
  if (!sound) {
    x.upstream.reset();
    x.pool->wake_one_waiter();
  } else if (parser.body_kind() == http::BodyKind::none || parser.body_done()) {
    x.pool->put_idle(std::move(x.upstream), x.worker.loop.now.steady);
  } else if (x.outcome == router::Outcome::ok &&
             parser.body_kind() != http::BodyKind::until_close) {
    http::drain_aside(x.worker.loop, *x.pool, std::move(x.upstream));
  } else {
    x.upstream.reset();
    x.pool->wake_one_waiter();
  }
}

}  // namespace

void count_attempt(Exchange& x, const router::Attempt& attempt, SteadyTime now) {
  if (x.pool == nullptr) return;
  telemetry::AttemptSample sample;
  sample.server_address = x.target().address_name;
  sample.server_port = x.target().port;
  sample.status = attempt.status;
  if (attempt.failed) sample.error = traits_of(attempt.cause).code;
  sample.duration_us = micros_between(x.attempt_began, now);
  x.worker.metrics.count_attempt(sample);
}

Task<void> finish(Exchange& x) {
  const bool client_left =
      x.outcome == router::Outcome::client_abort || x.outcome == router::Outcome::client_slow;
  if (client_left) {
    const bool held_one = x.upstream != nullptr;
    x.upstream.reset();  // cancels it at once
    if (held_one) x.pool->wake_one_waiter();
    x.session.status = kClientGoneStatus;
  }
  x.phase = router::Phase::finishing;
  router::Record record = make_record(x, x.ended);
  if (!x.mirror_of) {
    count_inference(x, record);
    x.session.caller.charge_tokens(tokens_to_charge(x, record), x.ended);
  }
  if (x.plan.by_pool && x.committed && !x.mirror_of) {
    x.worker.shared().continuity.remember(x.plan.assignment.unit_hash,
                                          {x.candidate->route, x.candidate->version});
  }
  const std::uint64_t number = x.worker.journal().append(std::move(record));
  if (client_left) {
    x.session.out.clear();
    x.session.out_sent = 0;
    x.session.close_after = true;
    x.session.reset_after = x.outcome == router::Outcome::client_slow;
    co_return;
  }
  release_upstream(x);
  if (x.mirror_of) co_return;
  x.session.parking.clear_deadline();
  if (x.bench_written != nullptr) co_await await_bench_written(x);
  if (x.session.settings().store.acknowledge == config::Acknowledge::committed) {
    CommitTicket ticket{number, x.worker.loop.now.steady, {}, &x.session.parking};
    x.worker.commits.add(ticket);
    while (ticket.state == CommitTicket::State::waiting) co_await x.session.parking.park();
    if (ticket.state == CommitTicket::State::released) x.worker.metrics.count_unacknowledged();
  }
  // The usual end needs no coroutine: the socket takes all at once.
  if (http::send_some(x.session) && x.session.out.empty()) co_return;
  co_await http::send_all(x.session);
}

}  // namespace tallygate
