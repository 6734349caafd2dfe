#pragma once
// What leaves the store with age, a bounded piece per run: records, entries of the audit trail,
// predictions, feedback. Blocking, on control's pool, one run at a time.

#include <mutex>

#include "config/settings.h"
#include "gateway/control/process.h"
#include "gateway/registry/predictions/prediction_document.h"
#include "improve/feedback/feedback.h"
#include "store/catalog/document_sweep.h"

namespace tallygate {

class Retention {
 public:
  explicit Retention(Process process) : process_(process) {}

  void run(const config::Store& settings, WallTime now);

 private:
  void sweep(const char* what, store::DocumentSweep& documents, config::Duration kept,
             WallTime now);

  Process process_;
  std::mutex running_;
  store::DocumentSweep predictions_{registry::kPredictionKind};
  store::DocumentSweep feedback_{improve::kFeedbackKind};
};

}  // namespace tallygate
