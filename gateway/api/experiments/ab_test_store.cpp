#include "gateway/api/experiments/ab_test_store.h"

#include <optional>
#include <utility>

#include "gateway/api/experiments/ab_test_view.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/registry/file_versions.h"
#include "gateway/registry/version_catalog.h"
#include "router/experiment/lifecycle.h"

namespace tallygate::api {
namespace {

using config::ExperimentStatus;
using registry::AbTest;
using registry::ModelVersion;

/// Whether workers have to hear of it.
bool routes_differently(const AbTest& before, const AbTest& after) {
  if (!router::is_running(before.status) && !router::is_running(after.status)) return false;
  return before.status != after.status || before.table != after.table ||
         before.criteria.max_latency_ms != after.criteria.max_latency_ms;
}

Error no_such_test() {
  return make_error(Errc::not_found, "There is no A/B test with this id.", "id");
}

}  // namespace

Result<AbTest> find_ab_test(const store::Catalog& catalog, std::string_view id) {
  const auto uuid = parse_uuid(id);
  if (!uuid) return no_such_test();
  const auto document = catalog.find(registry::kAbTestKind, to_string(*uuid));
  if (document) return registry::ab_test_of(*document);
  return document.error().code == Errc::not_found ? no_such_test() : document.error();
}

AdminResponse list_ab_tests(const AdminRequest& request, const AdminContext& context,
                            std::string_view type_parameter, RenderTest render) {
  const auto catalog = catalog_of(context);
  if (!catalog) return error_answer(request, catalog.error());
  const auto query =
      Query::parse(request.head.query, {type_parameter, "status", "limit", "cursor"});
  if (!query) return error_answer(request, query.error());
  auto asked = document_query(registry::kAbTestKind, *query);
  if (!asked) return error_answer(request, asked.error());
  if (const auto type = query->value_of(type_parameter); !type.empty()) {
    asked->index_keys.push_back("modelType=" + std::string(type));
  }
  if (const auto status = query->value_of("status"); !status.empty()) {
    if (!router::parse_status(status)) {
      return error_answer(
          request,
          make_error(Errc::invalid_parameter,
                     "`status` is draft, active, paused, completed or cancelled.", "status"));
    }
    asked->index_keys.push_back("status=" + std::string(status));
  }
  return page_answer(request, (*catalog)->list(*asked),
                     [&](const store::Document& document) -> Result<std::string> {
                       const auto test = registry::ab_test_of(document);
                       if (!test) return test.error();
                       return render(*test, {});
                     });
}

Result<void> AbTestWrite::make(const registry::AbTestRequest& request) {
  // Of the versions that the arms name; their model type is known only then.
  test_.model_type = request.model_type;
  const auto versions = versions_of(request.arms);
  if (!versions) return versions.error();
  return take(registry::make_ab_test(request, *versions, context_.make_id(), context_.now));
}

Result<void> AbTestWrite::load(const AdminRequest& request, std::string_view id) {
  auto test = find_ab_test(catalog_, id);
  if (!test) return test.error();
  if (auto fresh = check_if_match(request, test->revision); fresh.has_error()) return fresh;
  if (auto ours = registry::check_editable(*test); ours.has_error()) return ours;
  before_ = *test;
  test_ = std::move(*test);
  return {};
}

Result<void> AbTestWrite::patch(const registry::AbTestPatch& patch) {
  const auto versions = versions_of(patch.arms ? *patch.arms : test_.arms);
  if (!versions) return versions.error();
  return take(registry::after_patch(test_, patch, *versions, context_.now));
}

Result<void> AbTestWrite::start() {
  const auto versions = versions_of(test_.arms);
  if (!versions) return versions.error();
  const auto running = registry::running_tests(catalog_, test_.model_type);
  if (!running) return running.error();
  auto move = registry::after_start(test_, *running, *versions, context_.now);
  if (!move) return move.error();
  test_ = std::move(move->test);
  others_ = std::move(move->others);
  paused_ = std::move(move->paused);
  return {};
}

Result<void> AbTestWrite::pause() { return take(registry::after_pause(test_)); }

Result<void> AbTestWrite::cancel() {
  return take(registry::after_cancel(test_, context_.actor, context_.now));
}

Result<void> AbTestWrite::complete(std::string_view winner, bool promote) {
  auto done = take(registry::after_complete(test_, winner, promote, context_.actor, context_.now));
  if (done.has_error() || !promote) return done;
  const auto arm = registry::arm_number(test_, winner);
  const auto version = version_of(test_.arms[*arm]);
  if (!version) return version.error();
  if (version->is_default) return {};
  const std::string* fixed = registry::file_default(context_.settings, test_.model_type);
  if (fixed != nullptr || version->origin == registry::Origin::config) {
    return make_error(Errc::conflict,
                      "The configuration file sets the default of `" + test_.model_type +
                          "`, under routes." + test_.model_type +
                          ".versions: change it there, or complete the test without promoting.",
                      "promote");
  }
  if (!version->active) {
    return make_error(Errc::rule_broken, "A default is active: `" + version->version + "` is not.",
                      "promote");
  }
  auto writes = registry::default_writes(catalog_, *version);
  if (!writes) return writes.error();
  versions_ = std::move(*writes);
  return {};
}

Result<void> AbTestWrite::move_to(ExperimentStatus status) {
  if (status == test_.status) return {};
  switch (status) {
    case ExperimentStatus::draft: return router::check_move(test_.status, status);
    case ExperimentStatus::active: return start();
    case ExperimentStatus::paused: return pause();
    case ExperimentStatus::completed: return complete(std::string(test_.winner), false);
    case ExperimentStatus::cancelled: return cancel();
  }
  return {};
}

Change AbTestWrite::change(std::string action, RenderTest render, unsigned status) {
  Change change;
  // Those that give way first, since the one that starts takes over their unique key.
  for (const AbTest& other : others_) change.writes.push_back(registry::write_of(other));
  change.writes.push_back(registry::write_of(test_));
  change.writes.insert(change.writes.end(), versions_.begin(), versions_.end());
  change.changes_routing = routes_differently(before_, test_) || !versions_.empty();
  ++test_.revision;
  test_.updated = context_.now;
  change.body = render(test_, paused_);
  change.revision = test_.revision;
  change.status = status;
  if (before_.status != test_.status) {
    change.events.emplace_back("ab_test", render_move(test_, action, context_.actor));
  }
  change.action = std::move(action);
  return change;
}

Result<std::vector<ModelVersion>> AbTestWrite::versions_of(
    std::span<const registry::Arm> arms) const {
  std::vector<ModelVersion> versions;
  for (const registry::Arm& arm : arms) {
    auto version = version_of(arm);
    if (version) {
      versions.push_back(std::move(*version));
    } else if (version.error().code != Errc::not_found) {
      return version.error();
    }
  }
  return versions;
}

Result<ModelVersion> AbTestWrite::version_of(const registry::Arm& arm) const {
  const std::string id = arm.version_id.empty()
                             ? registry::file_version_id(test_.model_type, arm.version)
                             : arm.version_id;
  if (auto declared = registry::find_file_version(context_.settings, id)) return *declared;
  if (!arm.version_id.empty()) {
    const auto document = catalog_.find(registry::kModelVersionKind, arm.version_id);
    if (!document) return document.error();
    return registry::model_version_of(*document);
  }
  auto found = registry::find_version(catalog_, test_.model_type, arm.version);
  if (!found) return found.error();
  if (!*found) return make_error(Errc::not_found, "There is no such version.", "version");
  return std::move(**found);
}

Result<void> AbTestWrite::take(Result<AbTest> next) {
  if (!next) return next.error();
  test_ = std::move(*next);
  return {};
}

}  // namespace tallygate::api
