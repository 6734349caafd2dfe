#pragma once
// What may be asked of an A/B test (api.md, sections 3 and 4), as pure functions from documents and
// a request to new documents. Errors: rule_broken (422) names the rule that a request breaks,
// conflict (409) the state that forbids it and what is allowed.
//
// At most one test per model type is active. One that starts makes the others give way: the active
// one is paused, and none that is paused holds the route any more.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gateway/registry/experiments/ab_test.h"

namespace tallygate::registry {

/// Splits, coverages and resumptions that one test may see.
inline constexpr std::size_t kMaxEpochs = 1000;

/// Found by id, or by version where the id is empty, among `versions`, which may be of any model
/// type. Every arm needs one.
struct AbTestRequest {
  std::string name;
  std::string description;
  std::string model_type;  ///< empty = that of the first arm's version
  std::vector<Arm> arms;   ///< control first
  std::optional<WallTime> start_date;
  std::optional<WallTime> end_date;
  router::Criteria criteria;
};

/// A draft. It starts by itself if `start_date` is after `now`.
Result<AbTest> make_ab_test(const AbTestRequest& request, std::span<const ModelVersion> versions,
                            const Uuid& id, WallTime now);

/// What is set replaces what was.
struct AbTestPatch {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<std::vector<Arm>> arms;
  std::optional<std::optional<WallTime>> start_date;
  std::optional<std::optional<WallTime>> end_date;
  std::optional<router::Criteria> criteria;
  std::optional<double> coverage;
  std::optional<double> score_a;
  std::optional<double> score_b;
  std::optional<std::string> winner;
};

/// A test that was started keeps its versions; another split of it is another epoch.
Result<AbTest> after_patch(const AbTest& test, const AbTestPatch& patch,
                           std::span<const ModelVersion> versions, WallTime now);

/// What a move changes; to be written in one transaction.
struct AbTestMove {
  AbTest test;
  std::vector<AbTest> others;  ///< that gave way
  std::vector<Uuid> paused;    ///< those of them that were active
};

/// `others` are the tests of the same model type, in whatever state.
Result<AbTestMove> after_start(const AbTest& test, std::span<const AbTest> others,
                               std::span<const ModelVersion> versions, WallTime now);
Result<AbTest> after_pause(const AbTest& test);
/// `winner` is an arm's name, "tie" or empty. With `promote` it becomes the default, which is the
/// caller's to write: promoted_version() says which.
Result<AbTest> after_complete(const AbTest& test, std::string_view winner, bool promote,
                              std::string_view reason, WallTime now);
Result<AbTest> after_cancel(const AbTest& test, std::string_view reason, WallTime now);
/// To the rollout's stage `stage`, as another epoch.
Result<AbTest> after_stage(const AbTest& test, std::size_t stage, WallTime now);

/// Id of the model version that completing made the default; empty = none.
std::string promoted_version(const AbTest& test);

/// Share of the units that would change their arm.
Result<double> preview(const AbTest& test, std::span<const double> weights);

/// What the configuration file declares is changed there. Errors: conflict.
Result<void> check_editable(const AbTest& test);

/// The write of `test`, onto the revision that was read (0 = new).
store::DocumentWrite write_of(const AbTest& test);

}  // namespace tallygate::registry
