#pragma once
// What the admin API may use of the process: fills an AdminContext for each request. Its functions
// block; control's pool only.

#include <atomic>
#include <functional>
#include <string>

#include "gateway/api/admin.h"
#include "gateway/control/process.h"
#include "gateway/control/view/routing_table.h"

namespace tallygate {

/// What only Control knows.
struct ControlFunctions {
  std::function<api::ReloadOutcome()> reload;
  std::function<std::string(telemetry::Format)> render_metrics;
  std::function<bool()> answers_wait;  ///< for their record, on every worker
};

class AdminBackend {
 public:
  AdminBackend(Process process, RoutingTable& routing, ControlFunctions control)
      : process_(process), routing_(routing), control_(std::move(control)) {}

  api::AdminResponse answer(const api::AdminRequest& request);
  /// Of the data listener.
  api::AdminResponse answer(const DataCall& call);
  /// Any thread: calls that are being answered.
  std::size_t calls() const { return calls_.load(); }

 private:
  void add_process(api::AdminContext& context);
  void add_counts(api::AdminContext& context);
  void add_health(api::AdminContext& context);
  void add_documents(api::AdminContext& context);
  void add_keys(api::AdminContext& context);
  api::TargetHealth health_of(router::NameId target) const;
  std::vector<api::BlacklistedTarget> blacklisted() const;

  Process process_;
  RoutingTable& routing_;
  ControlFunctions control_;
  std::atomic<std::size_t> calls_{0};
};

}  // namespace tallygate
