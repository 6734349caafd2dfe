#include "gateway/exchange/attempt/relay_events.h"

#include <charconv>

#include "gateway/exchange/attempt/relay.h"
#include "gateway/worker_clock.h"

namespace tallygate {
namespace {

using router::Outcome;

void note_event(Exchange& x, const wire::EventFacts& facts) {
  Answer& a = x.answer;
  ++a.events;
  const SteadyTime now = x.worker.loop.now.steady;
  if (facts.content && !a.content_seen) {
    a.content_seen = true;
    x.first_content = now;
  } else if (a.content_seen) {
    a.gaps.add(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now - a.last_event).count()));
  }
  a.last_event = now;
  if (facts.error) a.error_seen = true;
}

/// One whole event: observed, then forwarded, kept back (the terminal one) or stripped.
void take_event(Exchange& x, std::string_view event) {
  Answer& a = x.answer;
  if (!a.terminal.empty()) return;  // after the end nothing counts
  if (a.oversized) {
    a.oversized = false;
    a.held.append(event);
    return;
  }
  const wire::EventFacts facts = a.observer.observe_event(event);
  if (facts.usage_only && !x.facts.include_usage) return;
  note_event(x, facts);
  (facts.done ? a.terminal : a.held).append(event);
}

void take_payload(Exchange& x, std::string_view data) {
  Answer& a = x.answer;
  while (!data.empty()) {
    const std::size_t end = a.scanner.next_event(data);
    const std::string_view piece = data.substr(0, end == 0 ? data.size() : end);
    data.remove_prefix(piece.size());
    if (end == 0) {
      a.partial.append(piece);
    } else if (a.partial.empty()) {
      take_event(x, piece);
    } else {
      a.partial.append(piece);
      take_event(x, a.partial);
      a.partial.clear();
    }
  }
  if (a.partial.size() > x.session.settings().limits.response_event_bytes || a.oversized) {
    a.oversized = true;
    a.held.append(a.partial);
    a.partial.clear();
  }
}

Result<void> take(Exchange& x, std::string_view bytes) {
  const auto sink = [](void* exchange, std::string_view data) {
    take_payload(*static_cast<Exchange*>(exchange), data);
  };
  const auto consumed = x.upstream->parser.parse_body(bytes, sink, &x);
  if (consumed.has_value() && *consumed < bytes.size()) {
    x.upstream->stream.close();  // what follows was never part of this answer
  }
  if (consumed.has_error())
    return make_error(Errc::upstream_stream_truncated, consumed.error().message);
  return {};
}

/// The head may go out: content has come, or as much as may be held without any.
bool may_commit(const Answer& a) {
  return a.content_seen || a.oversized || a.events > kMaxHeldEvents ||
         a.held.size() > kMaxHeldBytes;
}

/// From here on the request cannot be sent again, so its bytes and the heads are let go: an idle
/// stream costs next to nothing.
void commit_stream(Exchange& x) {
  commit_head(x, x.http_1_0 ? http::Framing::none : http::Framing::chunked, 0);
  x.upstream_in.release();
  x.session.let_go_of_request();
  x.session.parser.release();
}

/// Hands on what is held and sends what the client takes at once. False: the client has gone.
bool pass_on(Exchange& x) {
  if (!x.committed) commit_stream(x);
  append_payload(x, x.answer.held);
  x.answer.held.clear();
  return http::send_some(x.session);
}

bool has_something_to_pass_on(const Exchange& x) {
  return may_commit(x.answer) && (!x.committed || !x.answer.held.empty());
}

bool has_terminal_event(wire::Dialect dialect) { return dialect != wire::Dialect::openai_other; }

/// How a stream that came to a clean end ended.
Result<void> judge_end(Exchange& x) {
  Answer& a = x.answer;
  if (!a.partial.empty()) {  // the last event lacks its blank line
    const std::string last = std::move(a.partial);
    a.partial.clear();
    take_event(x, last);
  }
  if (a.error_seen && !x.committed && !a.content_seen) {
    return make_error(Errc::upstream_stream_error, "the upstream answered with an error event");
  }
  if (a.terminal.empty() && !a.error_seen && has_terminal_event(x.endpoint.dialect) &&
      x.target().settings.expect_done) {
    return make_error(
        x.committed || a.content_seen ? Errc::missing_done : Errc::upstream_stream_truncated,
        "the stream ended without its terminal event");
  }
  if (!x.committed && !a.content_seen && has_terminal_event(x.endpoint.dialect)) {
    return make_error(Errc::upstream_stream_error, "the stream ended without any content");
  }
  return {};
}

/// The whole answer is there: everything left goes to session.out and waits for the record.
void end_stream(Exchange& x) {
  if (!x.committed) commit_stream(x);
  Answer& a = x.answer;
  a.held.append(a.terminal);
  if (!a.held.empty()) append_payload(x, a.held);
  append_end(x);
  a.held.clear();
  if (a.error_seen) {
    x.conclude(Outcome::upstream_stream_error, Errc::upstream_stream_error);
    x.session.close_after = true;
  }
}

/// The stream broke. Before the first content the caller may try again; afterwards the client is
/// told in the stream, and gets no terminal event that would make it look whole.
Error break_stream(Exchange& x, const Error& error) {
  const bool client_left = error.code == Errc::client_abort || error.code == Errc::client_slow;
  if (!x.committed && x.answer.content_seen && !client_left) commit_stream(x);
  if (!x.committed || client_left) return error;
  append_payload(x, x.answer.held);
  x.session.close_after = true;
  if (x.answer.error_seen) {  // it has told the client itself
    append_end(x);
    x.conclude(Outcome::upstream_stream_error, Errc::upstream_stream_error);
    return error;
  }
  x.conclude(error.code == Errc::draining ? Outcome::gateway_error : Outcome::upstream_truncated,
             error.code);
  if (x.answer.oversized) {  // half of one is out: an event of ours would be read as its part
    x.session.reset_after = !x.answer.chunked;
    return error;
  }
  append_payload(x, wire::render_stream_error(x.endpoint.dialect, error.code, error.message,
                                              x.answer.observer.data_events()));
  append_end(x);
  return error;
}

/// Why reading came to nothing; only called for what is no data.
Error failure_of_read() {
  return make_error(Errc::upstream_stream_truncated,
                    "the upstream closed the connection in the middle of its stream");
}

Error failure_of_wait(Errc code) {
  if (code == Errc::client_abort) return make_error(code, "the client left");
  if (code == Errc::draining) return make_error(code, "the gate is shutting down");
  if (code == Errc::deadline_exceeded) {
    return make_error(code, "the answer took longer than its time limit");
  }
  return make_error(code, "the upstream sent nothing for too long");
}

std::uint32_t min_rate(const Exchange& x) { return x.session.settings().min_rate; }

/// Something was passed on: the next event, and the next look at the pace, are due.
void wait_for_next(Exchange& x) {
  x.set_deadline(x.timeouts.idle);
  if (min_rate(x) == 0) return;
  x.answer.idle_until = x.session.parking.deadline();
  x.session.parking.wake_at(std::min(x.answer.idle_until, x.answer.pace.next_look()));
}

/// Why not to go on waiting for the upstream, if so.
std::optional<Error> find_stop(Exchange& x) {
  const Errc own = x.committed ? Errc::stream_idle_timeout : Errc::upstream_ttft_timeout;
  const auto stop = x.waiter.interrupted(x.cause_of_delay(own));
  if (!stop) return std::nullopt;
  const bool may_be_pace = x.committed && *stop == own && min_rate(x) != 0;
  if (!may_be_pace || x.worker.loop.now.steady >= x.answer.idle_until) {
    return failure_of_wait(*stop);
  }
  if (x.answer.pace.is_too_slow(x.worker.loop.now.steady, min_rate(x))) {
    return make_error(*stop, "the upstream's stream is slower than min_rate");
  }
  x.session.parking.wake_at(std::min(x.answer.idle_until, x.answer.pace.next_look()));
  return std::nullopt;
}

/// Reads, takes and passes on until the stream is over in one way or another.
Task<Result<void>> pump(Exchange& x) {
  for (;;) {
    if (!x.answer.terminal.empty() || x.body_done()) co_return judge_end(x);
    if (x.answer.error_seen && !x.committed && !x.answer.content_seen) co_return judge_end(x);
    if (has_something_to_pass_on(x)) {
      bool pace_begins = !x.committed;
      if (!pass_on(x) || x.waiter.client_gone()) co_return failure_of_wait(Errc::client_abort);
      if (!x.session.out.empty()) {  // a slow reader brakes the upstream
        const Result<void> sent = co_await http::send_all(x.session, x.timeouts.write_progress);
        if (sent.has_error()) co_return sent.error();
        pace_begins = true;
      }
      if (pace_begins) x.answer.pace.begin(x.worker.loop.now.steady);
      wait_for_next(x);
    }
    if (x.is_time_up()) co_return failure_of_wait(x.cause_of_delay(Errc::upstream_ttft_timeout));
    const std::span<char> scratch = x.worker.loop.scratch();
    const http::IoResult read = x.upstream->stream.read(scratch);
    if (read.status == http::IoStatus::would_block) {
      co_await x.session.parking.park();
      if (auto stop = find_stop(x)) co_return std::move(*stop);
      continue;
    }
    if (read.status == http::IoStatus::end &&
        x.upstream->parser.body_kind() == http::BodyKind::until_close) {
      co_return judge_end(x);
    }
    if (read.status != http::IoStatus::ok) co_return failure_of_read();
    x.answer.pace.add(read.bytes);
    const Result<void> taken = take(x, {scratch.data(), read.bytes});
    if (taken.has_error()) co_return taken.error();
  }
}

}  // namespace

void append_payload(Exchange& x, std::string_view payload) {
  if (payload.empty()) return;
  std::string& out = x.session.out;
  if (!x.answer.chunked) {
    out.append(payload);
    return;
  }
  char size[16];
  const auto end = std::to_chars(size, size + sizeof size, payload.size(), 16).ptr;
  out.append(size, static_cast<std::size_t>(end - size)).append("\r\n");
  out.append(payload).append("\r\n");
}

void append_end(Exchange& x) {
  if (x.answer.chunked) x.session.out.append("0\r\n\r\n");
}

Task<Result<void>> relay_events(Exchange& x) {
  x.phase = router::Phase::streaming;
  Result<void> result = take(x, x.upstream_in.view().substr(x.upstream_head_bytes));
  if (result.has_value()) result = co_await pump(x);
  if (result.has_error()) co_return break_stream(x, result.error());
  end_stream(x);
  co_return Result<void>{};
}

}  // namespace tallygate
