#pragma once
// What both forms of the A/B test API read and write: tests, the versions of their arms, and the
// one change that a move of a test is. For Decide functions (writes.h); the rules are in
// gateway/registry.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/api/writes.h"
#include "gateway/registry/experiments/ab_test_rules.h"

namespace tallygate::api {

/// Errors: not_found; storage_corrupt.
Result<registry::AbTest> find_ab_test(const store::Catalog& catalog, std::string_view id);

/// As an answer shows it; `paused` are the tests that gave way to it.
using RenderTest = std::string (*)(const registry::AbTest& test, std::span<const Uuid> paused);

/// The page of tests that limit, cursor, status and `type_parameter` (a model type) ask for.
AdminResponse list_ab_tests(const AdminRequest& request, const AdminContext& context,
                            std::string_view type_parameter, RenderTest render);

/// One write of one test, from what is in the catalog to what will be.
class AbTestWrite {
 public:
  AbTestWrite(const AdminContext& context, const store::Catalog& catalog)
      : context_(context), catalog_(catalog) {}

  Result<void> make(const registry::AbTestRequest& request);
  /// Of the test as it is in the catalog, if If-Match allows it and the file does not own it.
  Result<void> load(const AdminRequest& request, std::string_view id);

  Result<void> patch(const registry::AbTestPatch& patch);
  Result<void> start();
  Result<void> pause();
  Result<void> complete(std::string_view winner, bool promote);
  Result<void> cancel();
  /// To any state, with the winner that the test has.
  Result<void> move_to(config::ExperimentStatus status);

  const registry::AbTest& test() const { return test_; }
  /// Everything since the load, as one change.
  Change change(std::string action, RenderTest render, unsigned status = 200);

 private:
  Result<std::vector<registry::ModelVersion>> versions_of(
      std::span<const registry::Arm> arms) const;
  Result<registry::ModelVersion> version_of(const registry::Arm& arm) const;
  Result<void> take(Result<registry::AbTest> next);

  const AdminContext& context_;
  const store::Catalog& catalog_;
  registry::AbTest before_;
  registry::AbTest test_;
  std::vector<registry::AbTest> others_;
  std::vector<Uuid> paused_;
  std::vector<store::DocumentWrite> versions_;
};

}  // namespace tallygate::api
