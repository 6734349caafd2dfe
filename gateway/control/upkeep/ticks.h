#pragma once
// What happens by itself: moves of A/B tests, alerts. Control runs it each second on its pool.

#include <map>
#include <string>

#include "gateway/control/process.h"
#include "gateway/control/upkeep/live_figures.h"
#include "gateway/control/view/routing_table.h"
#include "gateway/events/webhook_sender.h"
#include "gateway/registry/metrics/alert_step.h"
#include "router/experiment/rollout.h"

namespace tallygate {

class Ticks {
 public:
  static constexpr std::chrono::seconds kInterval{1};
  /// Between two looks at a test's statistics.
  static constexpr std::chrono::seconds kLookInterval{5};
  /// Between two rankings of auto pools and fallbacks.
  static constexpr std::chrono::seconds kRankInterval{10};

  Ticks(Process process, RoutingTable& routing, WebhookSender& webhooks)
      : process_(process), routing_(routing), webhooks_(webhooks) {}

  /// One at a time.
  void run(Moment now);

 private:
  void move_tests(WallTime now);
  std::optional<router::Look> look_at(const registry::AbTest& test, WallTime now);
  /// Frees what distinct units are counted with; their counts stay.
  void forget_ended_tests();
  void judge_alerts(Moment now);
  std::vector<store::SeriesPoint> history_of(const registry::LiveFigure& figure,
                                             WallTime now) const;
  void tell(const registry::AlertStep& step, WallTime now);

  Process process_;
  RoutingTable& routing_;
  WebhookSender& webhooks_;
  LiveFigures figures_;
  std::map<Uuid, double> srm_p_;  ///< of running tests: how far it has fallen since the start
  bool looks_ = false;            ///< statistics are judged in this tick
  SteadyTime next_look_{};
  SteadyTime next_ranking_{};
  std::string last_failure_;  ///< logged once
};

}  // namespace tallygate
