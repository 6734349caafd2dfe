#include "gateway/upstream_call.h"

#include "gateway/http/connect.h"
#include "gateway/http/head_renderer.h"
#include "gateway/wire/splice.h"
#include "gateway/worker_clock.h"

namespace tallygate {
namespace {

Error interruption(const Exchange& x, Errc code) {
  if (code == Errc::client_abort) return make_error(code, "the client left");
  return make_error(code, x.target().host_header + " did not answer in time");
}

Error reset_by(const Exchange& x, std::string_view when) {
  return make_error(Errc::upstream_reset,
                    x.target().host_header + " closed the connection " + std::string(when));
}

/// Waits for another request of this process to release a connection, when all are in use.
Awaitable<Result<http::UpstreamPtr>> wait_for_connection(Exchange& x) {
  const SteadyTime deadline = x.session.parking.deadline();
  const auto idle_limit = x.timeouts.pool_idle;
  while (!x.pool->may_open_another()) {
    x.pool->add_waiter(x.session.parking);
    x.session.parking.wake_at(
        std::min(deadline, x.worker.loop.now.steady + http::Deadlines::kTick));
    co_await x.session.parking.park();
    x.pool->remove_waiter(x.session.parking);
    if (x.waiter.client_gone()) co_return interruption(x, Errc::client_abort);
    if (auto idle = x.pool->take_idle(x.worker.loop.now.steady, idle_limit)) co_return idle;
    if (x.worker.loop.now.steady >= deadline) {
      co_return make_error(Errc::upstream_connect_timeout,
                           "all connections to " + x.target().host_header + " are in use");
    }
  }
  x.session.parking.wake_at(deadline);
  co_return co_await http::connect_upstream(x.worker.loop, *x.pool, x.waiter);
}

std::string_view client_credential(const Exchange& x, std::string& storage) {
  const http::RequestHead& head = x.session.head();
  http::append_field("Authorization", head.authorization, storage);
  http::append_field("x-api-key", head.x_api_key, storage);
  return storage;
}

void render_head(const Exchange& x, std::size_t body_bytes, std::string& out) {
  constexpr std::string_view kOwnPrefix = "/v1";
  const UpstreamTarget& target = x.target();
  std::string passed_on;
  http::UpstreamRequestLine line;
  line.method = "POST";
  line.base_path = target.base_path;
  line.path = x.endpoint.path.substr(kOwnPrefix.size());
  line.query = x.session.head().query;
  line.host = target.host_header;
  line.credential = target.credential;
  if (target.settings.api_key.empty() && target.settings.pass_client_key) {
    line.credential = client_credential(x, passed_on);
  }
  line.framing = http::Framing::length;
  line.content_length = body_bytes;
  http::render_request_head(line, x.session.head(), out);
}

wire::SplicedBody splice(const Exchange& x) {
  const UpstreamTarget& target = x.target();
  if (x.endpoint.kind == EndpointKind::multipart) {
    return wire::splice_body(x.session.body, x.facts, target.settings.model, false);
  }
  const bool reports_usage_on_request = x.endpoint.dialect == wire::Dialect::openai_chat ||
                                        x.endpoint.dialect == wire::Dialect::openai_completion;
  const bool inject = reports_usage_on_request && x.facts.stream && !x.facts.include_usage &&
                      target.settings.inject_usage;
  return wire::splice_body(x.session.body, x.facts, target.model_literal, inject);
}

/// Drops `bytes` from the front of `pieces`.
std::span<iovec> advance(std::span<iovec> pieces, std::size_t bytes) {
  while (!pieces.empty() && bytes >= pieces.front().iov_len) {
    bytes -= pieces.front().iov_len;
    pieces = pieces.subspan(1);
  }
  if (!pieces.empty()) {
    pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + bytes;
    pieces.front().iov_len -= bytes;
  }
  return pieces;
}

Awaitable<Result<void>> send_request(Exchange& x) {
  const wire::SplicedBody body = splice(x);
  std::string head;
  head.reserve(1024);
  render_head(x, body.bytes, head);
  std::array<iovec, wire::SplicedBody::kMaxPieces + 1> storage;
  storage[0] = {head.data(), head.size()};
  for (std::size_t i = 0; i < body.count; ++i) {
    storage[i + 1] = {const_cast<char*>(body.pieces[i].data()), body.pieces[i].size()};
  }
  std::span<iovec> rest(storage.data(), body.count + 1);
  while (!rest.empty()) {
    const http::IoResult sent = x.upstream->stream.write(rest);
    if (sent.status == http::IoStatus::ok) {
      rest = advance(rest, sent.bytes);
      continue;
    }
    if (sent.status != http::IoStatus::would_block) co_return reset_by(x, "during the request");
    if (x.upstream->stream.has_input()) {
      x.upload_cut = true;  // it has answered already: hear it out
      break;
    }
    co_await x.session.parking.park();
    if (const auto stop = x.waiter.interrupted(Errc::upstream_timeout))
      co_return interruption(x, *stop);
  }
  co_return Result<void>{};
}

/// What a status means for the attempt; nullopt = relay it.
std::optional<Error> failure_of(const Exchange& x, std::uint16_t status) {
  const bool own_key = !x.target().credential.empty();
  if ((status == 401 || status == 403) && own_key) {
    return make_error(Errc::upstream_auth_error,
                      "the upstream refuses the gate's credential; check the target's api_key");
  }
  if (status >= 500 || status == 429 || status == 408) {
    return make_error(Errc::upstream_status,
                      x.target().host_header + " answered with status " + std::to_string(status));
  }
  return std::nullopt;
}

Awaitable<Result<void>> read_answer_head(Exchange& x) {
  http::UpstreamConnection& upstream = *x.upstream;
  const Errc on_deadline = x.facts.stream ? Errc::upstream_ttft_timeout : Errc::upstream_timeout;
  for (;;) {
    if (!upstream.stream.has_input()) {
      co_await x.session.parking.park();
      if (const auto stop = x.waiter.interrupted(on_deadline)) co_return interruption(x, *stop);
      continue;
    }
    const http::IoResult read = upstream.stream.read(x.upstream_in.space());
    if (read.status == http::IoStatus::would_block) continue;
    if (read.status != http::IoStatus::ok) co_return reset_by(x, "before it answered");
    x.upstream_in.filled(read.bytes);
    const Result<std::size_t> head = upstream.parser.parse_head(x.upstream_in.view());
    if (head.has_error()) co_return head.error();
    if (*head > 0) {
      x.upstream_head_bytes = *head;
      co_return Result<void>{};
    }
    if (x.upstream_in.space().empty())
      x.upstream_in.grow(kMaxUpstreamHeadBytes + http::BufferPool::kBufferBytes);
  }
}

}  // namespace

Awaitable<Result<void>> open_upstream(Exchange& x) {
  x.pool = x.worker.pool(x.candidate->slot);
  x.attempt_began = steady_now();
  if (x.pool == nullptr) {
    co_return make_error(Errc::upstream_connect_error, "the target was removed by a reload");
  }
  x.phase = router::Phase::connecting;
  x.upstream =
      x.reconnected ? nullptr : x.pool->take_idle(x.worker.loop.now.steady, x.timeouts.pool_idle);
  if (x.upstream == nullptr) {
    x.set_deadline(x.timeouts.connect);
    Result<http::UpstreamPtr> connected = co_await wait_for_connection(x);
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(steady_now() - x.attempt_began);
    x.upstream_time += took;
    x.worker.metrics.count_upstream_connect(connected.has_value(),
                                            static_cast<std::uint64_t>(took.count()));
    if (connected.has_error()) co_return connected.error();
    x.upstream = std::move(*connected);
  }
  x.upstream->stream.set_owner(&x.session.parking);
  co_return Result<void>{};
}

Awaitable<Result<void>> call_target(Exchange& x) {
  x.phase = router::Phase::waiting;
  x.set_deadline(x.facts.stream ? x.timeouts.first_token : x.timeouts.response_head);
  x.upstream->parser.reset();
  Result<void> sent = co_await send_request(x);
  if (sent.has_error()) co_return sent;
  x.upstream_asked = steady_now();
  Result<void> head = co_await read_answer_head(x);
  x.upstream_time +=
      std::chrono::duration_cast<std::chrono::microseconds>(steady_now() - x.upstream_asked);
  if (head.has_error()) co_return head;
  if (auto failure = failure_of(x, x.upstream->parser.head().status)) co_return std::move(*failure);
  co_return Result<void>{};
}

}  // namespace tallygate
