#pragma once
// One tick over all standing alerts: what the catalog holds is read, judged (alert_step.h), and
// what changed is written before it is told. Reads and writes may block: the pool's threads only.

#include <span>
#include <vector>

#include "config/settings.h"
#include "gateway/registry/metrics/alert_step.h"

namespace tallygate::registry {

/// Errors: storage_unavailable, storage_corrupt.
Result<std::vector<AlertRule>> standing_alerts(const store::Catalog& catalog);

/// `rules` are the standing ones. The steps that fired or cleared and are written. An alert that
/// somebody changed or deleted meanwhile is left to the next tick. Errors: storage_unavailable,
/// storage_corrupt.
Result<std::vector<AlertStep>> run_alert_tick(store::Catalog& catalog,
                                              const config::Settings& settings,
                                              std::vector<AlertRule> rules,
                                              std::span<const LiveFigure> figures, WallTime now);

}  // namespace tallygate::registry
