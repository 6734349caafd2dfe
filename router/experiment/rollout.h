#pragma once
// What follows from one look at a running test: reference experiments.md 5.2, 5.3 and 6. The
// statistics are judged elsewhere; here is only what a verdict leads to. Idempotent: a test that
// was moved is not active at its old stage any more, so the same look moves it once. Pure.

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "router/experiment/criteria.h"
#include "router/experiment/lifecycle.h"

namespace tallygate::router {

/// 5.2. A test without limits passes.
enum class Guardrail : std::uint8_t {
  pass,
  fail,
  inconclusive,  ///< neither yet
  hold,          ///< sample-ratio mismatch, no traffic, or control fails too
};

/// What the statistics say at one moment.
struct Look {
  Guardrail guardrail = Guardrail::inconclusive;
  bool is_certified = false;           ///< the upper bound of every limited figure is within it
  std::optional<std::uint8_t> winner;  ///< 5.3: the arm that wins
  bool is_futile = false;              ///< 5.3: no arm can reach min_improvement any more
  std::uint64_t stage_requests = 0;    ///< of the current epoch, in the arm with the fewest
  std::string evidence;                ///< why, with its figures: "arm b: 31 errors in 1000 ..."
};

struct RolloutState {
  ExperimentStatus status = ExperimentStatus::draft;
  std::size_t stage = 0;   ///< of criteria.rollout
  WallTime started{};      ///< first activation
  WallTime stage_since{};  ///< of the current epoch's table
};

struct RolloutMove {
  enum class Kind : std::uint8_t { hold, next_stage, roll_back, complete };
  Kind kind = Kind::hold;
  std::size_t stage = 0;               ///< after the move
  std::optional<std::uint8_t> winner;  ///< of complete
  std::string reason;                  ///< in words
  bool operator==(const RolloutMove&) const = default;
};

/// Requests that every arm needs in a stage where `min_requests` asks for fewer.
inline constexpr std::uint64_t kMinStageRequests = 50;

/// Percent of stage `stage`, as a share; 1 where there are no stages.
double coverage_of(const Criteria& criteria, std::size_t stage);

RolloutMove after_look(const RolloutState& state, const Criteria& criteria, const Look& look,
                       WallTime now);

}  // namespace tallygate::router
