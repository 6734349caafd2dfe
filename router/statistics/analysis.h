#pragma once
// Everything that can be said about an A/B test at one moment, from counts alone: reference
// experiments.md 5. May be called at every moment without the answer becoming less true. Pure.
//
//   Analysis analysis = analyse(criteria, evidence);
//   after_look(state, criteria, look_of(analysis, stage_requests), now);   // router/experiment

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "router/experiment/criteria.h"
#include "router/experiment/rollout.h"
#include "router/statistics/compare.h"
#include "router/statistics/evidence.h"
#include "router/statistics/guardrail.h"

namespace tallygate::router {

/// A winner needs a whole day where min_duration asks for nothing, so that it saw every hour.
inline constexpr std::chrono::seconds kFullDay = std::chrono::hours(24);

struct Recommendation {
  enum class Kind : std::uint8_t {
    keep_running,
    hold,          ///< something is wrong with the test; look before anything is decided
    winner,        ///< `arm`
    keep_control,  ///< no arm can win any more
    no_winner,     ///< max_duration is over
  };
  Kind kind = Kind::keep_running;
  std::optional<std::size_t> arm;  ///< index into Evidence::arms
  std::string sentence;
};
std::string_view to_string(Recommendation::Kind kind);

struct Analysis {
  std::vector<Comparison> comparisons;   ///< criteria.metric first; per metric each arm but control
  std::vector<ArmGuardrail> guardrails;  ///< per arm, control first
  double srm_p = 1;                      ///< below kSrmThreshold the test holds
  Recommendation recommendation;
};

/// Arms beyond the first are compared with it, each at kAlpha / (arms − 1).
Analysis analyse(const Criteria& criteria, const Evidence& evidence);

/// For the rollout: the worst guardrail of all arms but control. `stage_requests` as Look has it.
Look look_of(const Analysis& analysis, std::uint64_t stage_requests);

}  // namespace tallygate::router
