#include "gateway/control/upkeep/retention.h"

#include <spdlog/spdlog.h>

namespace tallygate {
namespace {

constexpr std::uint32_t kAuditEntriesPerRun = 2000;
constexpr std::uint32_t kDocumentsPerRun = 500;

template <class T>
void tell(const char* what, const Result<T>& done) {
  if (done.has_error()) spdlog::warn("retention of {}: {}", what, done.error().message);
}

}  // namespace

void Retention::run(const config::Store& settings, WallTime now) {
  const std::unique_lock one_at_a_time(running_, std::try_to_lock);
  if (!one_at_a_time) return;
  tell("records", process_.journal.purge(now));
  // 0 = for ever; also then a catalog that had trouble is tried again here.
  const bool ages = settings.audit_retention.count() != 0;
  tell("the audit trail",
       process_.catalog.purge_audit(ages ? now - settings.audit_retention : WallTime::min(),
                                    kAuditEntriesPerRun));
  sweep("predictions", predictions_, settings.prediction_retention, now);
  sweep("feedback", feedback_, settings.feedback_retention, now);
}

void Retention::sweep(const char* what, store::DocumentSweep& documents, config::Duration kept,
                      WallTime now) {
  if (kept.count() == 0) return;
  tell(what, documents.step(process_.catalog, now - kept, kDocumentsPerRun, now));
}

}  // namespace tallygate
