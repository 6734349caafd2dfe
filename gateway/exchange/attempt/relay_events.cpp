#include "gateway/exchange/attempt/relay_events.h"

#include <charconv>
#include <utility>

#include "gateway/exchange/attempt/mask_key.h"
#include "gateway/exchange/attempt/relay.h"
#include "gateway/exchange/attempt/relay_waits.h"
#include "gateway/http/loop/turn.h"
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
    a.last_unseen = true;
    a.held.append(event);
    return;
  }
  a.last_unseen = false;
  const wire::EventFacts facts = a.observer.observe_event(event);
  if (facts.usage_only && !x.facts.include_usage) return;
  note_event(x, facts);
  std::string& out = facts.done ? a.terminal : a.held;
  out.append(event);
  if (facts.error) mask_key(x.target().settings.api_key.value, out);
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

/// Queues what is held for the client.
void pass_on(Exchange& x) {
  if (!x.committed) commit_stream(x);
  append_payload(x, x.answer.held);
  x.answer.held.clear();
  if (x.answer.held.capacity() > kMaxHeldBytes) std::string().swap(x.answer.held);
  expect_more(x);
}

bool has_something_to_pass_on(const Exchange& x) {
  return may_commit(x.answer) && (!x.committed || !x.answer.held.empty());
}

bool has_terminal_event(wire::Dialect dialect) { return dialect != wire::Dialect::openai_other; }

/// Clean as the end was, the stream lacks its terminal event. That of the Responses API repeats the
/// whole answer, and may have gone by unseen for its size.
bool lacks_its_end(const Exchange& x) {
  const Answer& a = x.answer;
  if (!a.terminal.empty() || a.error_seen || !x.target().settings.expect_done) return false;
  if (a.last_unseen && x.endpoint.dialect == wire::Dialect::openai_responses) return false;
  return has_terminal_event(x.endpoint.dialect);
}

/// The last event of a stream that is whole may lack its blank line. Half an event is dropped,
/// since the error event that is to follow would be read as its other half.
void take_last(Exchange& x) {
  Answer& a = x.answer;
  const std::string last = std::exchange(a.partial, {});
  if (last.empty()) return;
  const std::size_t held = a.held.size();
  const auto events = a.events;
  const bool knew_error = a.error_seen;
  take_event(x, last);
  if (a.error_seen && !knew_error) a.held.append("\n\n");  // else no SDK would raise it
  if (!lacks_its_end(x)) return;
  a.held.resize(held);
  a.events = events;
}

/// How a stream that came to a clean end ended.
Result<void> judge_end(Exchange& x) {
  Answer& a = x.answer;
  take_last(x);
  if (a.error_seen && !x.committed && !a.content_seen) {
    return make_error(Errc::upstream_stream_error, "the upstream answered with an error event");
  }
  if (lacks_its_end(x)) {
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

Errc late_code(const Exchange& x) {
  return x.committed ? Errc::stream_idle_timeout : Errc::upstream_ttft_timeout;
}

/// Reads, takes and passes on until the stream is over in one way or another.
Task<Result<void>> pump(Exchange& x) {
  http::TurnShare share(kRelayedPerTurn);
  for (;;) {
    if (!x.answer.terminal.empty() || x.body_done()) co_return judge_end(x);
    if (x.answer.error_seen && !x.committed && !x.answer.content_seen) co_return judge_end(x);
    if (has_something_to_pass_on(x)) pass_on(x);
    if (!x.session.out.empty() && !push(x)) co_return client_left();
    const http::IoResult read = read_answer(x);
    if (read.status == http::IoStatus::would_block) {
      co_await x.session.parking.park();
      if (auto stop = find_stop(x, late_code(x))) co_return std::move(*stop);
      continue;
    }
    if (read.status == http::IoStatus::end &&
        x.upstream->parser.body_kind() == http::BodyKind::until_close) {
      co_return judge_end(x);
    }
    if (read.status != http::IoStatus::ok) co_return failure_of_read();
    const Result<void> taken = take(x, {x.worker.loop.scratch().data(), read.bytes});
    if (taken.has_error()) co_return taken.error();
    if (!share.take(x.worker.loop.now.steady, read.bytes)) continue;
    co_await http::next_turn(x.worker.loop, x.session.parking);
    if (auto stop = find_stop(x, late_code(x))) co_return std::move(*stop);
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
  if (result.has_value() && !x.session.out.empty()) {  // whoever takes no more got no whole answer
    result = co_await http::send_all(x.session, x.timeouts.write_progress);
  }
  if (result.has_error()) co_return break_stream(x, result.error());
  end_stream(x);
  co_return Result<void>{};
}

}  // namespace tallygate
