#include "gateway/registry/experiments/ab_test_tick.h"

#include <algorithm>
#include <boost/json.hpp>

#include "gateway/registry/experiments/ab_test_rules.h"
#include "router/experiment/lifecycle.h"

namespace tallygate::registry {
namespace {

using config::ExperimentStatus;
using Kind = router::RolloutMove::Kind;

class Ticker {
 public:
  explicit Ticker(const TickInput& input)
      : input_(input), tests_(input.tests.begin(), input.tests.end()) {}

  std::vector<TickMove> run() {
    for (std::size_t i = 0; i < tests_.size(); ++i) {
      if (!follow_schedule(tests_[i])) follow_look(tests_[i]);
    }
    return std::move(moves_);
  }

 private:
  /// Whether something was due.
  bool follow_schedule(AbTest& test) {
    router::Schedule schedule{test.start_date, test.end_date};
    if (!test.scheduled) schedule.start.reset();
    const auto due = router::due_move(schedule, test.status, test.started, test.ended, input_.now);
    if (!due) return false;
    if (*due == ExperimentStatus::active) {
      start(test);
    } else if (*due == ExperimentStatus::completed) {
      take(test, after_complete(test, test.winner, false, "endDate", input_.now), "complete",
           "its end has come");
    } else {
      take(test, after_cancel(test, "endDate", input_.now), "cancel",
           "its end came before its start");
    }
    return true;
  }

  void start(AbTest& test) {
    std::vector<AbTest> others;
    for (const AbTest& other : tests_) {
      if (other.model_type == test.model_type) others.push_back(other);
    }
    auto started = after_start(test, others, input_.versions, input_.now);
    if (!started) {
      // Trying again each second would start it at a moment that nobody chose.
      const std::string why = "could not start: " + started.error().message;
      return take(test, after_cancel(test, why, input_.now), "cancel", why);
    }
    TickMove move{test.id, "start", "its start has come", {}};
    for (const AbTest& other : started->others) write(move, other);
    write(move, started->test);
    moves_.push_back(std::move(move));
  }

  void follow_look(AbTest& test) {
    if (test.status != ExperimentStatus::active || !test.started || test.epochs.empty()) return;
    const auto look = input_.look_at ? input_.look_at(test) : std::nullopt;
    if (!look) return;
    const router::RolloutState state{test.status, test.stage, *test.started,
                                     test.epochs.back().since};
    const auto next = router::after_look(state, test.criteria, *look, input_.now);
    switch (next.kind) {
      case Kind::hold: return;
      case Kind::next_stage:
        return take(test, after_stage(test, next.stage, input_.now), "next stage", next.reason);
      case Kind::roll_back: return roll_back(test, next.reason);
      case Kind::complete: return complete(test, next);
    }
  }

  void roll_back(AbTest& test, const std::string& evidence) {
    auto cancelled = after_cancel(test, "rollback: " + evidence, input_.now);
    if (cancelled) cancelled->coverage = 0;
    take(test, std::move(cancelled), "roll back", evidence);
  }

  /// A rollout exists to replace control: its winner becomes the default.
  void complete(AbTest& test, const router::RolloutMove& next) {
    const std::string winner = next.winner && *next.winner < test.arms.size()
                                   ? test.arms[*next.winner].name
                                   : std::string();
    bool promote = !test.criteria.rollout.empty() && next.winner.value_or(0) != 0;
    std::vector<store::DocumentWrite> versions;
    if (promote) {
      auto writes = input_.promote(test.arms[*next.winner].version_id);
      promote = writes.has_value();
      if (writes) versions = std::move(*writes);
    }
    const std::size_t before = moves_.size();
    take(test, after_complete(test, winner, promote, next.reason, input_.now), "complete",
         next.reason);
    if (moves_.size() == before) return;
    auto& writes = moves_.back().writes;
    writes.insert(writes.end(), versions.begin(), versions.end());
  }

  void take(AbTest& test, Result<AbTest> next, std::string action, std::string reason) {
    if (!next) return;
    TickMove move{test.id, std::move(action), std::move(reason), {}};
    write(move, *next);
    moves_.push_back(std::move(move));
  }

  /// Adds the write; what follows in this tick sees the test as it then is.
  void write(TickMove& move, AbTest next) {
    move.writes.push_back(write_of(next));
    ++next.revision;
    const auto kept = std::find_if(tests_.begin(), tests_.end(),
                                   [&](const AbTest& test) { return test.id == next.id; });
    *kept = std::move(next);
  }

  const TickInput& input_;
  std::vector<AbTest> tests_;
  std::vector<TickMove> moves_;
};

}  // namespace

std::vector<TickMove> tick(const TickInput& input) { return Ticker(input).run(); }

std::string event_of(const TickMove& move) {
  return boost::json::serialize(boost::json::object{
      {"test_id", to_string(move.test)}, {"action", move.action}, {"reason", move.reason}});
}

}  // namespace tallygate::registry
