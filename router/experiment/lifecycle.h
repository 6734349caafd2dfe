#pragma once
// The states of an A/B test and the moves between them: reference experiments.md section 2. A test
// only ever moves forward, so what has started or ended does so once, whatever the clock does.
// Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "config/settings.h"

namespace tallygate::router {

using config::ExperimentStatus;

std::string_view to_string(ExperimentStatus status);
std::optional<ExperimentStatus> parse_status(std::string_view word);

/// Completed and cancelled: no move leads out of them.
bool is_final(ExperimentStatus status);
/// Active or paused: it holds its model type's traffic.
bool is_running(ExperimentStatus status);

/// draft -> active, cancelled; active -> paused, completed, cancelled; paused -> active, completed,
/// cancelled. Errors: conflict, which names the state and the legal ones.
Result<void> check_move(ExperimentStatus from, ExperimentStatus to);

/// When a test is to start and end by itself.
struct Schedule {
  std::optional<WallTime> start;
  std::optional<WallTime> end;
};

/// The state that the schedule asks for at `now`, if it is another one. `started` and `ended` are
/// when the test did so, if it did: neither happens twice, also when the clock was set back. A
/// draft whose end came before anyone started it is cancelled.
std::optional<ExperimentStatus> due_move(const Schedule& schedule, ExperimentStatus status,
                                         std::optional<WallTime> started,
                                         std::optional<WallTime> ended, WallTime now);

}  // namespace tallygate::router
