#include "gateway/api/models/versions.h"

#include <algorithm>

#include "gateway/api/models/version_fields.h"
#include "gateway/api/operation/audit.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/writes.h"
#include "gateway/registry/file_versions.h"
#include "gateway/registry/version_catalog.h"
#include "gateway/registry/version_rules.h"

namespace tallygate::api {
namespace {

using http::Method;
using registry::ModelVersion;
using registry::Origin;

constexpr std::string_view kListQuery[] = {"modelType", "isActive", "isDefault", "limit", "cursor"};
constexpr std::string_view kPagingQuery[] = {"limit", "cursor"};

/// Of the catalog or the file.
Result<ModelVersion> find_any(const store::Catalog& catalog, const AdminContext& context,
                              std::string_view id) {
  if (registry::is_file_version_id(id)) {
    auto version = registry::find_file_version(context.settings, id);
    if (version) return std::move(*version);
    return make_error(Errc::not_found, "The configuration file declares no such version.", "id");
  }
  const auto document = catalog.find(registry::kModelVersionKind, id);
  if (document) return registry::model_version_of(*document);
  if (document.error().code != Errc::not_found) return document.error();
  return make_error(Errc::not_found, "There is no model version with this id.", "id");
}

/// As find_any(), for a write on the revision that the client expects.
Result<ModelVersion> find_for_write(const store::Catalog& catalog, const AdminRequest& request,
                                    const AdminContext& context, std::string_view id) {
  auto version = find_any(catalog, context, id);
  if (!version) return version;
  if (version->origin == Origin::config) return registry::read_only(*version);
  if (auto fits = check_if_match(request, version->revision); !fits) return fits.error();
  return version;
}

/// (modelType, version) is taken by another document than `id`. The catalog's unique key guards
/// it; this says it in words.
Result<void> check_free(const store::Catalog& catalog, const ModelVersion& version) {
  const auto other = registry::find_version(catalog, version.model_type, version.version);
  if (!other) return other.error();
  if (!*other || (*other)->id == version.id) return {};
  return make_error(Errc::conflict,
                    "Version " + version.version + " of " + version.model_type +
                        " exists already (" + (*other)->id +
                        "); a version is unique within its "
                        "model type.",
                    "version");
}

/// The writes of `after`, whose revision is the one that was read.
Result<std::vector<store::DocumentWrite>> writes_of(const store::Catalog& catalog,
                                                    const ModelVersion& after, bool was_default) {
  if (after.is_default && !was_default) return registry::default_writes(catalog, after);
  return std::vector{registry::write_of(after)};
}

/// The rules of a version that is to take traffic.
Result<void> check_servable(const ModelVersion& version, const AdminContext& context) {
  const auto fits = registry::check_version(version, context.settings);
  return fits ? registry::check_targets(version, context.settings, context.secrets) : fits;
}

std::string event_of(const ModelVersion& version, const AdminContext& context) {
  JsonText json;
  json.open('{');
  json.add("modelType", version.model_type);
  json.add("version", version.version);
  json.add("id", version.id);
  json.add("actor", context.actor);
  json.close('}');
  return json.take();
}

/// The change that leaves `after`, whose revision is still the one that was read.
Change change_of(ModelVersion after, std::vector<store::DocumentWrite> writes, const char* action,
                 const AdminContext& context) {
  Change change;
  change.writes = std::move(writes);
  change.action = action;
  change.changes_routing = true;
  take_next_revision(after, change, context.now);
  change.body = render_version(after);
  return change;
}

AdminResponse create_version(const AdminRequest& request, std::string_view,
                             const AdminContext& context) {
  return answer_write(
      request, context, kNewVersionFields,
      [&](const boost::json::object& body, const store::Catalog& catalog) -> Result<Change> {
        ModelVersion version;
        merge_version(body, version);
        version.id = to_string(context.make_id());
        auto fits = check_servable(version, context);
        if (!fits) return fits.error();
        if (fits = check_free(catalog, version); !fits) return fits.error();
        auto writes = writes_of(catalog, version, false);
        if (!writes) return writes.error();
        Change change = change_of(version, std::move(*writes), "create", context);
        if (version.is_default) change.events.emplace_back("default", event_of(version, context));
        return change;
      });
}

AdminResponse change_version(const AdminRequest& request, std::string_view id,
                             const AdminContext& context) {
  return answer_write(
      request, context, kVersionPatchFields,
      [&](const boost::json::object& body, const store::Catalog& catalog) -> Result<Change> {
        const auto before = find_for_write(catalog, request, context, id);
        if (!before) return before.error();
        ModelVersion after = *before;
        merge_version(body, after);
        const bool serves_more = body.contains("targets") || (after.active && !before->active) ||
                                 (after.is_default && !before->is_default);
        auto fits = serves_more ? check_servable(after, context)
                                : registry::check_version(after, context.settings);
        if (!fits) return fits.error();
        if (fits = check_free(catalog, after); !fits) return fits.error();
        const auto tests = registry::running_tests(catalog, before->model_type);
        if (!tests) return tests.error();
        fits = registry::check_unused(*before, &after, context.settings, *tests);
        if (!fits) return fits.error();
        const bool was_default = before->is_default && before->model_type == after.model_type;
        auto writes = writes_of(catalog, after, was_default);
        if (!writes) return writes.error();
        Change change = change_of(after, std::move(*writes), "update", context);
        if (after.is_default && !was_default) {
          change.events.emplace_back("default", event_of(after, context));
        }
        return change;
      });
}

AdminResponse delete_version(const AdminRequest& request, std::string_view id,
                             const AdminContext& context) {
  return answer_write(request, context, [&](const store::Catalog& catalog) -> Result<Change> {
    const auto version = find_for_write(catalog, request, context, id);
    if (!version) return version.error();
    const auto tests = registry::running_tests(catalog, version->model_type);
    if (!tests) return tests.error();
    const auto fits = registry::check_unused(*version, nullptr, context.settings, *tests);
    if (!fits) return fits.error();
    Change change;
    change.writes = {registry::deletion_of(*version)};
    change.action = "delete";
    change.changes_routing = true;
    change.body = render_version(*version);
    return change;
  });
}

AdminResponse make_default(const AdminRequest& request, std::string_view id,
                           const AdminContext& context) {
  return answer_write(request, context, [&](const store::Catalog& catalog) -> Result<Change> {
    auto version = find_for_write(catalog, request, context, id);
    if (!version) return version.error();
    if (version->is_default) {
      Change nothing;
      nothing.revision = version->revision;
      nothing.body = render_version(*version);
      return nothing;
    }
    version->is_default = true;
    const auto fits = check_servable(*version, context);
    if (!fits) return fits.error();
    auto writes = registry::default_writes(catalog, *version);
    if (!writes) return writes.error();
    Change change = change_of(*version, std::move(*writes), "make-default", context);
    change.events.emplace_back("default", event_of(*version, context));
    return change;
  });
}

/// 404 for a model type that no version and no route has.
Result<void> check_model_type(const store::Catalog& catalog, const AdminContext& context,
                              const std::string& model_type) {
  if (context.settings.routes.contains(model_type)) return {};
  const auto page = catalog.list({.kind = std::string(registry::kModelVersionKind),
                                  .index_keys = {"modelType=" + model_type},
                                  .after = {},
                                  .limit = 1});
  if (!page) return page.error();
  if (!page->documents.empty()) return {};
  return make_error(Errc::not_found, "There is no model type `" + model_type + "`.", "modelType");
}

AdminResponse roll_back(const AdminRequest& request, std::string_view,
                        const AdminContext& context) {
  const auto body = read_body(request, kRollbackFields);
  if (!body) return error_answer(request, body.error());
  const std::string model_type(body->at("modelType").get_string().c_str());
  return answer_write(request, context, [&](const store::Catalog& catalog) -> Result<Change> {
    auto fits = check_model_type(catalog, context, model_type);
    if (!fits) return fits.error();
    if (const auto* name = registry::file_default(context.settings, model_type)) {
      return make_error(Errc::conflict,
                        "The configuration file makes " + *name + " the default of " + model_type +
                            ": change the default there.",
                        "modelType");
    }
    auto rollback = registry::rollback_of(catalog, model_type);
    if (!rollback) return rollback.error();
    ModelVersion& version = rollback->version;
    version.is_default = true;
    fits = check_servable(version, context);
    if (!fits) return fits.error();
    Change change = change_of(version, std::move(rollback->writes), "rollback", context);
    change.events.emplace_back("default", event_of(version, context));
    return change;
  });
}

AdminResponse answer_version_by_id(const AdminRequest& request, std::string_view id,
                                   const AdminContext& context) {
  const auto catalog = catalog_of(context);
  if (!catalog) return error_answer(request, catalog.error());
  const auto version = find_any(**catalog, context, id);
  if (!version) return error_answer(request, version.error());
  return document_answer(render_version(*version), version->revision);
}

AdminResponse answer_version_history(const AdminRequest& request, std::string_view id,
                                     const AdminContext& context) {
  if (registry::find_file_version(context.settings, id)) {
    return json_answer(render_page({}, false, {}));  // of the file there is no audit trail
  }
  return answer_history(request, context, registry::kModelVersionKind, id,
                        [](const store::Document& document) {
                          const auto version = registry::model_version_of(document);
                          return version ? render_version_content(*version) : std::string("null");
                        });
}

struct Filter {
  std::string model_type;
  std::optional<bool> active;
  std::optional<bool> is_default;

  bool accepts(const ModelVersion& version) const {
    return (model_type.empty() || version.model_type == model_type) &&
           (!active || version.active == *active) &&
           (!is_default || version.is_default == *is_default);
  }
};

Result<std::optional<bool>> parse_flag(const Query& query, std::string_view name) {
  const std::string_view value = query.value_of(name);
  if (value.empty()) return std::optional<bool>();
  if (value == "true") return std::optional(true);
  if (value == "false") return std::optional(false);
  return make_error(Errc::invalid_parameter, std::string(name) + " is true or false.",
                    std::string(name));
}

Result<Filter> parse_filter(const Query& query) {
  Filter filter;
  filter.model_type = query.value_of("modelType");
  const auto active = parse_flag(query, "isActive");
  if (!active) return active.error();
  const auto is_default = parse_flag(query, "isDefault");
  if (!is_default) return is_default.error();
  filter.active = *active;
  filter.is_default = *is_default;
  return filter;
}

void add_index_keys(const Filter& filter, std::vector<std::string>& keys) {
  const auto flag = [](bool value) { return value ? "true" : "false"; };
  if (!filter.model_type.empty()) keys.push_back("modelType=" + filter.model_type);
  if (filter.active) keys.push_back(std::string("isActive=") + flag(*filter.active));
  if (filter.is_default) keys.push_back(std::string("isDefault=") + flag(*filter.is_default));
}

/// First the catalog's, newest first, then the file's, by id.
Result<std::string> version_page(const store::Catalog& catalog, const config::Settings& file,
                                 store::DocumentQuery asked, const Filter& filter) {
  std::vector<std::string> items;
  std::string last;
  bool has_more = false;
  if (!registry::is_file_version_id(asked.after)) {
    add_index_keys(filter, asked.index_keys);
    const auto page = catalog.list(asked);
    if (!page) return page.error();
    for (const store::Document& document : page->documents) {
      const auto version = registry::model_version_of(document);
      if (!version) return version.error();
      items.push_back(render_version(*version));
      last = document.id;
    }
    has_more = page->has_more;
    asked.after.clear();
  }
  if (has_more) return render_page(items, true, last);
  for (const ModelVersion& version : registry::file_versions(file)) {
    if (!filter.accepts(version) || version.id <= asked.after) continue;
    if (items.size() == asked.limit) return render_page(items, true, last);
    items.push_back(render_version(version));
    last = version.id;
  }
  return render_page(items, false, last);
}

AdminResponse list_versions(const AdminRequest& request, std::string_view,
                            const AdminContext& context) {
  const auto query = Query::parse(request.head.query, kListQuery);
  if (!query) return error_answer(request, query.error());
  const auto filter = parse_filter(*query);
  if (!filter) return error_answer(request, filter.error());
  auto asked = document_query(registry::kModelVersionKind, *query);
  if (!asked) return error_answer(request, asked.error());
  const auto catalog = catalog_of(context);
  if (!catalog) return error_answer(request, catalog.error());
  auto page = version_page(**catalog, context.settings, std::move(*asked), *filter);
  if (!page) return error_answer(request, page.error());
  return json_answer(std::move(*page));
}

#define TG_VERSIONS "/api/admin/llm-models/versions"

constexpr AdminRoute kRoutes[] = {
    {.method = Method::post,
     .path = TG_VERSIONS,
     .answer = create_version,
     .summary = "Registers a model version; a new model type creates the route.",
     .request = &kNewVersionFields,
     .result = &kModelVersionFields,
     .status = 201},
    {.path = TG_VERSIONS,
     .answer = list_versions,
     .summary = "Lists model versions.",
     .role = Role::viewer,
     .query = kListQuery,
     .result = &kVersionPageFields},
    {.method = Method::post,
     .path = TG_VERSIONS "/rollback",
     .answer = roll_back,
     .summary = "Gives the default of a model type back to the version before.",
     .request = &kRollbackFields,
     .result = &kModelVersionFields},
    {.path = TG_VERSIONS "/{id}",
     .answer = answer_version_by_id,
     .summary = "One model version.",
     .role = Role::viewer,
     .result = &kModelVersionFields},
    {.method = Method::put,
     .path = TG_VERSIONS "/{id}",
     .answer = change_version,
     .summary = "Changes a model version; fields that are left out stay.",
     .request = &kVersionPatchFields,
     .result = &kModelVersionFields},
    {.method = Method::delete_,
     .path = TG_VERSIONS "/{id}",
     .answer = delete_version,
     .summary = "Deletes a model version.",
     .result = &kModelVersionFields},
    {.method = Method::post,
     .path = TG_VERSIONS "/{id}/make-default",
     .answer = make_default,
     .summary = "Makes it the default of its model type.",
     .result = &kModelVersionFields},
    {.path = TG_VERSIONS "/{id}/history",
     .answer = answer_version_history,
     .summary = "Who wrote what to it, newest first.",
     .role = Role::viewer,
     .query = kPagingQuery,
     .result = &kVersionHistoryFields},
};

#undef TG_VERSIONS

}  // namespace

std::span<const AdminRoute> version_routes() { return kRoutes; }

}  // namespace tallygate::api
