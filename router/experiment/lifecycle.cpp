#include "router/experiment/lifecycle.h"

#include <array>
#include <span>

namespace tallygate::router {
namespace {

using enum ExperimentStatus;

constexpr std::array kStatuses{draft, active, paused, completed, cancelled};

std::span<const ExperimentStatus> moves_from(ExperimentStatus status) {
  static constexpr std::array kFromDraft{active, cancelled};
  static constexpr std::array kFromActive{paused, completed, cancelled};
  static constexpr std::array kFromPaused{active, completed, cancelled};
  switch (status) {
    case draft: return kFromDraft;
    case active: return kFromActive;
    case paused: return kFromPaused;
    case completed: return {};
    case cancelled: return {};
  }
  return {};
}

}  // namespace

std::string_view to_string(ExperimentStatus status) {
  switch (status) {
    case draft: return "draft";
    case active: return "active";
    case paused: return "paused";
    case completed: return "completed";
    case cancelled: return "cancelled";
  }
  return "";
}

std::optional<ExperimentStatus> parse_status(std::string_view word) {
  for (const ExperimentStatus status : kStatuses) {
    if (word == to_string(status)) return status;
  }
  return std::nullopt;
}

bool is_final(ExperimentStatus status) { return moves_from(status).empty(); }

bool is_running(ExperimentStatus status) { return status == active || status == paused; }

Result<void> check_move(ExperimentStatus from, ExperimentStatus to) {
  const auto legal = moves_from(from);
  std::string words;
  for (const ExperimentStatus next : legal) {
    if (next == to) return {};
    words.append(words.empty() ? "" : ", ").append(to_string(next));
  }
  std::string message = "The test is " + std::string(to_string(from));
  message += legal.empty() ? ", which is final: make a new test to run it again."
                           : " and cannot become " + std::string(to_string(to)) +
                                 "; from here it can become: " + words + ".";
  return make_error(Errc::conflict, std::move(message), "status");
}

std::optional<ExperimentStatus> due_move(const Schedule& schedule, ExperimentStatus status,
                                         std::optional<WallTime> started,
                                         std::optional<WallTime> ended, WallTime now) {
  if (ended || is_final(status)) return std::nullopt;
  const bool is_over = schedule.end && now >= *schedule.end;
  if (status == draft) {
    if (started || !schedule.start || now < *schedule.start) return std::nullopt;
    return is_over ? cancelled : active;
  }
  return is_over ? std::optional(completed) : std::nullopt;
}

}  // namespace tallygate::router
