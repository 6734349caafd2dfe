#pragma once
// What leaves the store with age, a bounded piece per run: records, entries of the audit trail,
// predictions. Blocking, on control's pool, one run at a time.

#include <mutex>

#include "config/settings.h"
#include "gateway/control/process.h"
#include "gateway/registry/predictions/prediction_retention.h"

namespace tallygate {

class Retention {
 public:
  explicit Retention(Process process) : process_(process) {}

  void run(const config::Store& settings, WallTime now);

 private:
  Process process_;
  std::mutex running_;
  registry::PredictionSweep predictions_;
};

}  // namespace tallygate
