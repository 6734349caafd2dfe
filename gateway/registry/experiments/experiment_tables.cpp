#include "gateway/registry/experiments/experiment_tables.h"

#include "router/experiment/lifecycle.h"

namespace tallygate::registry {
namespace {

router::RunningTest running_test_of(const AbTest& test) {
  router::RunningTest running;
  running.name = record_name(test);
  running.uuid = test.id;
  running.epoch = test.epochs.empty() ? 1 : test.epochs.back().number;
  running.paused = test.status == config::ExperimentStatus::paused;
  running.max_latency = test.criteria.max_latency_ms.value_or(std::chrono::milliseconds{0});
  for (const Arm& arm : test.arms) running.arms.push_back({arm.name, arm.version});
  running.table = test.table;
  running.mirror = test.mirror;
  return running;
}

}  // namespace

router::RunningTests experiment_tables(std::span<const AbTest> tests) {
  router::RunningTests running;
  for (const AbTest& test : tests) {
    if (!router::is_running(test.status) || !test.table) continue;
    if (test.status == config::ExperimentStatus::active) {
      running.insert_or_assign(test.model_type, running_test_of(test));
    } else if (!test.gave_way) {
      running.try_emplace(test.model_type, running_test_of(test));
    }
  }
  return running;
}

}  // namespace tallygate::registry
