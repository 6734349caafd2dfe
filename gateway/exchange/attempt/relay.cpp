#include "gateway/exchange/attempt/relay.h"

#include "gateway/exchange/attempt/mask_key.h"
#include "gateway/exchange/attempt/relay_events.h"
#include "gateway/exchange/attempt/relay_waits.h"
#include "gateway/exchange/attempt/retry_fields.h"
#include "gateway/exchange/attempt/upstream_call.h"
#include "gateway/exchange/own_fields.h"
#include "gateway/http/loop/turn.h"
#include "gateway/http/message/head_renderer.h"
#include "gateway/wire/upstream_error.h"
#include "gateway/worker_clock.h"

namespace tallygate {
namespace {

constexpr std::string_view kJson = "application/json";

bool is_bodiless(std::uint16_t status) { return status == 204 || status == 304; }

Error cut_short() {
  return make_error(Errc::upstream_stream_truncated,
                    "the upstream closed the connection in the middle of its answer");
}

/// Takes body bytes into answer.held.
Result<void> take(Exchange& x, std::string_view bytes) {
  const auto append = [](void* held, std::string_view data) {
    static_cast<std::string*>(held)->append(data);
  };
  const auto consumed = x.upstream->parser.parse_body(bytes, append, &x.answer.held);
  if (consumed.has_error()) return consumed.error();
  if (*consumed < bytes.size()) x.upstream->stream.close();  // never part of this answer
  return {};
}

http::Framing framing_towards_client(const Exchange& x) {
  return x.http_1_0 ? http::Framing::none : http::Framing::chunked;
}

/// Moves answer.held into session.out as the client gets it, but for what may be the beginning of
/// our key.
void move_held(Exchange& x) {
  std::string& held = x.answer.held;
  const bool is_error = x.upstream->parser.head().status >= 400;
  const std::size_t kept = is_error ? mask_key(x.target().settings.api_key.value, held) : 0;
  const std::size_t ready = held.size() - kept;
  append_payload(x, std::string_view(held).substr(0, ready));
  held.erase(0, ready);
}

/// What is no JSON is of use before it is whole: sound is played as it comes.
bool passes_at_once(const Exchange& x) {
  const http::ResponseHead& head = x.upstream->parser.head();
  const std::string_view type = head.value_of("content-type");
  return head.status < 300 && !type.empty() && !http::is_media_type(type, kJson);
}

/// A body that is not held whole: its head goes out, then its bytes as they come.
void commit_early(Exchange& x) {
  const auto length = x.upstream->parser.head().content_length;
  if (length) {
    commit_head(x, http::Framing::length, *length);
  } else {
    commit_head(x, framing_towards_client(x), 0);
  }
}

/// Why an answer that came whole is none: it is empty, an error under a status that denies it, or
/// it says that the target is not as the gate is configured.
std::optional<Error> fault_of_whole(const Exchange& x, bool says_error) {
  const std::uint16_t status = x.upstream->parser.head().status;
  if (status < 300 && x.answer.held.empty() && !is_bodiless(status) && !passes_at_once(x)) {
    return make_error(Errc::upstream_stream_truncated, "the upstream's JSON answer is empty");
  }
  if (status < 300 && says_error) {
    return make_error(Errc::upstream_stream_error,
                      "the upstream's answer is an error under status " + std::to_string(status));
  }
  if (status == 404 && is_our_credential(x) &&
      wire::meaning_of_error(x.answer.held) == wire::ErrorMeaning::unknown_model) {
    return make_error(Errc::upstream_auth_error,
                      "the upstream does not know the model; check the target's model");
  }
  return std::nullopt;
}

/// All of the body is there.
Result<void> end_body(Exchange& x) {
  const bool says_error = x.answer.observer.observe_body(x.answer.held);
  if (!x.committed) {
    if (auto fault = fault_of_whole(x, says_error)) return std::move(*fault);
    const bool bodiless = is_bodiless(x.upstream->parser.head().status);
    commit_head(x, bodiless ? http::Framing::none : http::Framing::length, x.answer.held.size());
  }
  move_held(x);
  append_payload(x, x.answer.held);
  x.answer.held.clear();
  append_end(x);
  return {};
}

/// Reads and passes on until the body is whole, but for its last piece.
Task<Result<void>> pump(Exchange& x) {
  const http::BodyKind kind = x.upstream->parser.body_kind();
  const std::size_t held_at_most = !x.body_done() && passes_at_once(x) ? 0 : kMaxHeldBytes;
  http::TurnShare share(kRelayedPerTurn);
  while (kind != http::BodyKind::none && !x.body_done()) {
    if (x.answer.held.size() > (x.committed ? 0 : held_at_most)) {
      if (!x.committed) commit_early(x);
      move_held(x);
    }
    if (!x.session.out.empty() && !push(x)) co_return client_left();
    const http::IoResult read = read_answer(x);
    if (read.status == http::IoStatus::would_block) {
      co_await x.session.parking.park();
      if (auto stop = find_stop(x, Errc::upstream_timeout)) co_return std::move(*stop);
      continue;
    }
    if (read.status == http::IoStatus::end && kind == http::BodyKind::until_close) break;
    if (read.status != http::IoStatus::ok) co_return cut_short();
    const Result<void> taken = take(x, {x.worker.loop.scratch().data(), read.bytes});
    if (taken.has_error()) co_return taken.error();
    expect_more(x);
    if (!share.take(x.worker.loop.now.steady, read.bytes)) continue;
    co_await http::next_turn(x.worker.loop, x.session.parking);
    if (auto stop = find_stop(x, Errc::upstream_timeout)) co_return std::move(*stop);
  }
  co_return Result<void>{};
}

/// The body will not get any longer; the client must not take it for whole.
Error break_body(Exchange& x, const Error& error) {
  if (!x.committed || traits_of(error.code).blame == Blame::client) return error;
  x.conclude(router::Outcome::upstream_truncated, error.code);
  x.session.close_after = true;
  const bool framed = x.answer.chunked || x.upstream->parser.head().content_length.has_value();
  if (!framed) x.session.reset_after = true;
  return error;
}

}  // namespace

void commit_head(Exchange& x, http::Framing framing, std::uint64_t content_length) {
  const http::ResponseHead& upstream = x.upstream->parser.head();
  x.committed = true;
  x.trial.end();  // a stream may last for hours, and the next request need not wait for its end
  const config::Duration whole = x.timeouts.stream_total;
  x.give_up_at = whole.count() == 0 ? http::kNever : x.worker.loop.now.steady + whole;
  x.answer.pace.begin(x.worker.loop.now.steady);
  x.answer.chunked = framing == http::Framing::chunked;
  const bool ends_with_connection = framing == http::Framing::none && !is_bodiless(upstream.status);
  if (ends_with_connection || x.worker.closes_connections()) x.session.close_after = true;
  std::string& fields = x.worker.header_block;
  fields.clear();
  append_own_fields(x, fields);
  x.session.caller.append_rate_fields(x.worker.loop.now.wall, fields);
  if (upstream.event_stream) {
    if (upstream.value_of("cache-control").empty()) fields.append("Cache-Control: no-cache\r\n");
    fields.append("X-Accel-Buffering: no\r\n");
  }
  http::DownstreamStatus line;
  line.status = upstream.status;
  line.date = x.worker.date();
  line.framing = framing;
  line.content_length = content_length;
  line.own_limits = x.session.caller.is_limited();
  line.close = x.session.close_after;
  line.http_1_0 = x.http_1_0;
  x.session.status = upstream.status;
  if (upstream.status < 400) {
    line.own_fields = fields;
    return http::render_response_head(line, upstream, x.session.out);
  }
  if (x.outcome == router::Outcome::ok) {
    x.conclude(router::Outcome::client_error, Errc::upstream_status);
  }
  const http::ResponseHead rest = take_over_retry_fields(x, upstream, fields);
  line.own_fields = fields;
  const std::size_t begin = x.session.out.size();
  http::render_response_head(line, rest, x.session.out);
  mask_key(x.target().settings.api_key.value, x.session.out, begin);
}

Task<Result<void>> relay_body(Exchange& x) {
  Result<void> result = take(x, x.upstream_in.view().substr(x.upstream_head_bytes));
  expect_more(x);
  if (result.has_value()) result = co_await pump(x);
  if (result.has_value() && !x.session.out.empty()) {  // whoever takes no more got no whole answer
    result = co_await http::send_all(x.session, x.timeouts.write_progress);
  }
  if (result.has_error()) co_return break_body(x, result.error());
  const Result<void> ended = end_body(x);
  co_return ended;
}

bool is_event_stream(const Exchange& x) {
  const http::ResponseHead& head = x.upstream->parser.head();
  return head.event_stream && head.status < 400;
}

}  // namespace tallygate
