#include "gateway/exchange/attempt/attempt_log.h"

#include <spdlog/spdlog.h>

#include "gateway/exchange/exchange.h"

namespace tallygate {

void log_attempt(Exchange& x, const Error& error) {
  if (x.attempts.empty() || x.candidate == nullptr) return;
  if (traits_of(error.code).blame == Blame::client) return;
  const auto left_out = x.worker.attempt_log.take_line(x.candidate->slot, x.ended);
  if (!left_out) return;
  const router::Attempt& attempt = x.attempts.back();
  const store::Names& names = x.worker.shared().names;
  char id[kUuidTextBytes];
  render_uuid(x.id, id);
  spdlog::warn(
      "attempt failed request_id={} route={} target={} attempt={} cause={} status={} start_ms={} "
      "duration_ms={} left_out={}: {}",
      std::string_view(id, sizeof id), names.text(x.plan.route), names.text(attempt.target),
      x.attempts.size(), traits_of(attempt.cause).code, attempt.status, attempt.start_ms,
      attempt.duration_ms, *left_out, error.message);
}

}  // namespace tallygate
