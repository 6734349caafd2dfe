#pragma once
// An A/B test as the catalog keeps it (kind "ab_test"); both forms of the API (api.md sections 3
// and 4) are views of this one document. Its slot tables are part of it, so that a change of state
// and the table it makes are one write.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "config/settings.h"
#include "gateway/registry/model_version.h"
#include "router/assign.h"
#include "router/experiment/criteria.h"
#include "store/catalog/catalog.h"

namespace tallygate::registry {

inline constexpr std::string_view kAbTestKind = "ab_test";

/// An arm. Number 0 is control.
struct Arm {
  std::string name;             ///< "a", "b", ...; ^[a-z][a-z0-9_]{0,30}$
  std::string version;          ///< semver, of the test's model type
  double weight = 0;            ///< 0..1; all arms sum to 1
  std::string version_id = {};  ///< of the model version
};

/// A table was in force from `since` on. Epochs count from 1.
struct Epoch {
  std::uint32_t number = 1;
  WallTime since{};
  std::vector<double> weights;  ///< by arm
};

struct AbTest {
  Uuid id;
  std::string name;
  std::string description;
  std::string model_type;
  std::vector<Arm> arms;
  config::ExperimentStatus status = config::ExperimentStatus::draft;
  std::optional<WallTime> start_date;
  bool scheduled = false;  ///< start_date was still to come when it was set: the draft starts then
  std::optional<WallTime> end_date;
  router::Criteria criteria;
  std::optional<config::Mirror> mirror;
  Origin origin = Origin::api;

  std::optional<WallTime> started;  ///< first activation
  std::optional<WallTime> ended;
  std::string winner;  ///< an arm's name or "tie"; empty = none
  bool promoted = false;
  bool gave_way = false;   ///< paused because another one started: it does not hold the route
  std::string end_reason;  ///< "endDate", "auto_complete", "rollback: ...", or who did it
  std::optional<double> score_a;
  std::optional<double> score_b;

  std::size_t stage = 0;  ///< of criteria.rollout
  double coverage = 1;    ///< share of the route's units in the test, 0..1
  std::vector<Epoch> epochs;
  std::shared_ptr<const router::SlotTable> table;  ///< null unless it is active or paused
  std::shared_ptr<const router::SlotTable> home;

  std::uint64_t revision = 0;
  WallTime created{};
  WallTime updated{};
};

/// What its records and tallies are kept under: the id, or the name that the file gave it. Names
/// from the API may repeat.
std::string record_name(const AbTest& test);

/// Weights to nine digits: a stored number may come back off by its last bit.
bool same_arms(const std::vector<Arm>& a, const std::vector<Arm>& b);
/// Number of the arm with this name.
std::optional<std::size_t> arm_number(const AbTest& test, std::string_view name);
std::vector<double> weights_of(const AbTest& test);

/// The catalog's body (tables in base64).
std::string to_body(const AbTest& test);
/// Errors: storage_corrupt.
Result<AbTest> ab_test_of(const store::Document& document);

}  // namespace tallygate::registry
