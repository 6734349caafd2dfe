#pragma once
// A test in force on a route, as the catalog keeps it: what build_snapshot makes an Experiment of.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "config/settings.h"
#include "router/assign.h"

namespace tallygate::router {

struct RunningTest {
  struct Arm {
    std::string name;
    std::string version;  ///< of the route
  };
  std::string name;  ///< what its records are kept under
  Uuid uuid;
  std::uint32_t epoch = 1;
  bool paused = false;
  std::chrono::milliseconds max_latency{0};  ///< criteria.max_latency_ms; 0 = no limit
  std::vector<Arm> arms;                     ///< control first
  std::shared_ptr<const SlotTable> table;
  std::optional<config::Mirror> mirror;
};

/// By route.
using RunningTests = std::map<std::string, RunningTest, std::less<>>;

}  // namespace tallygate::router
