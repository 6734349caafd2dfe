#include "gateway/exchange/attempt/relay_waits.h"

namespace tallygate {
namespace {

std::uint32_t min_rate(const Exchange& x) { return x.session.settings().min_rate; }

SteadyTime client_given_up_at(const Exchange& x) {
  return x.answer.backlog.given_up_at(x.timeouts.write_progress);
}

/// Wakes the exchange when the first of its limits may have been reached.
void set_alarm(Exchange& x) {
  SteadyTime until = std::min(x.give_up_at, client_given_up_at(x));
  if (!x.answer.backlog.pauses_upstream()) {
    until = std::min(until, x.answer.idle_until);
    if (x.committed && min_rate(x) != 0) until = std::min(until, x.answer.pace.next_look());
  }
  x.session.parking.wake_at(until);
}

void begin_idle_time(Exchange& x) {
  const config::Duration idle = x.timeouts.idle;
  x.answer.idle_until = idle.count() == 0 ? http::kNever : x.worker.loop.now.steady + idle;
}

/// The client is behind, or was until now.
void note_backlog(Exchange& x) {
  Answer& a = x.answer;
  const bool was_paused = a.backlog.pauses_upstream();
  a.backlog.note(x.session.queued_bytes(), x.session.answer_bytes, x.worker.loop.now.steady);
  if (was_paused && !a.backlog.pauses_upstream()) {
    begin_idle_time(x);
    a.pace.begin(x.worker.loop.now.steady);
  }
  if (a.backlog.empty()) std::string().swap(x.session.out);  // it may never be needed again
  set_alarm(x);
}

Error stop(Errc why, Errc own) {
  if (why == own) return make_error(why, "the upstream sent nothing for too long");
  if (why == Errc::draining) return make_error(why, "the gate is shutting down");
  return make_error(why, "the answer took longer than its time limit");
}

}  // namespace

void expect_more(Exchange& x) {
  begin_idle_time(x);
  set_alarm(x);
}

bool push(Exchange& x) {
  if (x.session.client.can_write() && !http::send_some(x.session)) return false;
  if (!x.session.out.empty() || !x.answer.backlog.empty()) note_backlog(x);
  if (x.session.out.empty() && x.session.out.capacity() > kMaxHeldBytes) {
    std::string().swap(x.session.out);
  }
  return !x.waiter.client_gone();
}

http::IoResult read_answer(Exchange& x) {
  if (x.answer.backlog.pauses_upstream()) return {http::IoStatus::would_block, 0};
  const http::IoResult read = x.upstream->stream.read(x.worker.loop.scratch());
  x.answer.pace.add(read.bytes);
  return read;
}

Error client_left() { return make_error(Errc::client_abort, "the client left"); }

std::optional<Error> find_stop(Exchange& x, Errc own) {
  if (x.waiter.client_gone()) return client_left();
  if (!x.session.parking.expired()) return std::nullopt;
  const Errc why = x.cause_of_delay(own);
  if (!x.committed || why != own) return stop(why, own);
  const SteadyTime now = x.worker.loop.now.steady;
  if (now >= client_given_up_at(x) && !x.session.client.can_write()) {
    return make_error(Errc::client_slow, "the client did not read its answer in time");
  }
  if (!x.answer.backlog.pauses_upstream()) {
    if (now >= x.answer.idle_until) return stop(own, own);
    if (min_rate(x) != 0 && x.answer.pace.is_too_slow(now, min_rate(x))) {
      return make_error(own, "the upstream's answer comes slower than min_rate");
    }
  }
  set_alarm(x);
  return std::nullopt;
}

}  // namespace tallygate
