#include "gateway/exchange/mirror/mirror.h"

#include "gateway/exchange/finish.h"
#include "gateway/exchange/run_plan.h"
#include "gateway/worker_clock.h"

namespace tallygate {
namespace {

std::size_t bytes_of(const Exchange& x) {
  return x.session.head_bytes + x.session.body.size() + wire::kJsonPadding;
}

Task<void> run_mirror(MirrorCopy copy) {
  http::Session session(*copy.worker);
  const Result<std::size_t> head = session.parser.parse_head(copy.head);
  if (head.has_error() || *head == 0) co_return;  // a reload has tightened the limits
  session.head_complete = steady_now();
  session.caller.identify(session.head(), copy.worker->view().keys, copy.worker->loop.now.wall);
  session.body = std::string_view(copy.body).substr(0, copy.body_bytes);
  session.request_bytes = copy.body_bytes;
  Exchange x(session, *copy.endpoint);
  x.mirror_of = copy.original;
  x.waiter.given_up = &copy.worker->draining();
  const Result<void> planned = plan_exchange(x, copy.model);
  if (planned.has_error() || x.plan.degraded) co_return;
  x.plan.candidate_count = 1;
  co_await run_plan(x);
  co_await finish(x);
}

}  // namespace

MirrorCopy::MirrorCopy(Worker& its_worker, const Exchange& x)
    : worker(&its_worker),
      endpoint(&x.endpoint),
      original(x.id),
      head(x.session.in.view().substr(0, x.session.head_bytes)),
      body(x.session.body),
      body_bytes(body.size()) {
  const store::Names& names = its_worker.shared().names;
  model.append(names.text(x.plan.route)).append("@").append(names.text(x.plan.mirror));
  body.resize(body_bytes + wire::kJsonPadding);
}

MirrorCopy::MirrorCopy(MirrorCopy&& other) noexcept
    : worker(std::exchange(other.worker, nullptr)),
      endpoint(other.endpoint),
      original(other.original),
      model(std::move(other.model)),
      head(std::move(other.head)),
      body(std::move(other.body)),
      body_bytes(other.body_bytes) {}

MirrorCopy::~MirrorCopy() {
  if (worker != nullptr) worker->mirrors.give_back(head.size() + body.size());
}

std::optional<MirrorCopy> copy_for_mirror(const Exchange& x) {
  if (x.plan.mirror == 0 || x.worker.draining()) return std::nullopt;
  const bool has_room =
      x.endpoint.repeatable && !x.facts.store && x.worker.mirrors.take(bytes_of(x));
  x.worker.metrics.count_mirror(has_room);
  if (!has_room) return std::nullopt;
  return std::optional<MirrorCopy>(std::in_place, x.worker, x);
}

void start_mirror(MirrorCopy copy) { http::spawn(run_mirror(std::move(copy))); }

}  // namespace tallygate
