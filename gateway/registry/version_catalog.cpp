#include "gateway/registry/version_catalog.h"

#include "store/catalog/stored_json.h"

namespace tallygate::registry {
namespace {

namespace json = boost::json;
using store::read_stored;
using store::text_of;

Result<std::optional<ModelVersion>> first_of(const store::Catalog& catalog,
                                             std::vector<std::string> index_keys) {
  store::DocumentQuery query;
  query.kind = kModelVersionKind;
  query.index_keys = std::move(index_keys);
  query.limit = 1;
  const auto page = catalog.list(query);
  if (!page) return page.error();
  if (page->documents.empty()) return std::optional<ModelVersion>();
  auto version = model_version_of(page->documents.front());
  if (!version) return version.error();
  return std::optional(std::move(*version));
}

Result<void> add_tests(const store::Catalog& catalog, const std::string& model_type,
                       const char* status, std::vector<AbTest>& tests) {
  store::DocumentQuery query;
  query.kind = kAbTestKind;
  query.index_keys = {"modelType=" + model_type, std::string("status=") + status};
  for (bool more = true; more;) {
    const auto page = catalog.list(query);
    if (!page) return page.error();
    for (const store::Document& document : page->documents) {
      auto test = ab_test_of(document);
      if (!test) return test.error();
      tests.push_back(std::move(*test));
      query.after = document.id;
    }
    more = page->has_more;
  }
  return {};
}

/// Unsets the default, unless it is `keep`.
Result<void> unset_default(const store::Catalog& catalog, const std::string& model_type,
                           const std::string& keep, std::vector<store::DocumentWrite>& writes) {
  auto old = default_of(catalog, model_type);
  if (!old) return old.error();
  if (!*old || (*old)->id == keep) return {};
  (*old)->is_default = false;
  writes.push_back(write_of(**old));
  return {};
}

/// The one before the current default, which may still be the last in `history`.
std::optional<PastDefault> drop_current(DefaultHistory& history,
                                        const std::optional<ModelVersion>& current) {
  auto& defaults = history.defaults;
  while (!defaults.empty() && current && defaults.back().id == current->id) defaults.pop_back();
  if (defaults.empty()) return std::nullopt;
  return defaults.back();
}

Error no_way_back(const std::string& model_type, const PastDefault& past, const char* why) {
  return make_error(Errc::conflict, "The default of " + model_type + " before this one, " +
                                        past.version + " (" + past.id + "), " + why +
                                        ": make another version the default.");
}

DefaultHistory read_history(const json::object& body) {
  DefaultHistory history;
  for (const json::value& entry : body.at("defaults").as_array()) {
    history.defaults.push_back(
        {text_of(entry.as_object(), "id"), text_of(entry.as_object(), "version")});
  }
  return history;
}

}  // namespace

store::DocumentWrite write_of(const ModelVersion& version) {
  store::DocumentWrite write;
  write.kind = kModelVersionKind;
  write.id = version.id;
  write.body = to_body(version);
  write.index_keys = {"modelType=" + version.model_type, "version=" + version.version,
                      std::string("isActive=") + (version.active ? "true" : "false"),
                      std::string("isDefault=") + (version.is_default ? "true" : "false")};
  // Neither part holds an @.
  write.unique_keys = {"version=" + version.model_type + "@" + version.version};
  if (version.is_default) write.unique_keys.push_back("default=" + version.model_type);
  write.expected_revision = version.revision;
  return write;
}

store::DocumentWrite deletion_of(const ModelVersion& version) {
  store::DocumentWrite write;
  write.kind = kModelVersionKind;
  write.id = version.id;
  write.expected_revision = version.revision;
  return write;
}

Result<std::vector<ModelVersion>> all_versions(const store::Catalog& catalog,
                                               std::vector<std::string>& unreadable) {
  const auto documents = catalog.all(kModelVersionKind);
  if (!documents) return documents.error();
  std::vector<ModelVersion> versions;
  for (const store::Document& document : *documents) {
    auto version = model_version_of(document);
    if (version) {
      versions.push_back(std::move(*version));
    } else {
      unreadable.push_back(version.error().message);
    }
  }
  return versions;
}

Result<std::optional<ModelVersion>> find_version(const store::Catalog& catalog,
                                                 const std::string& model_type,
                                                 const std::string& version) {
  return first_of(catalog, {"modelType=" + model_type, "version=" + version});
}

Result<std::optional<ModelVersion>> default_of(const store::Catalog& catalog,
                                               const std::string& model_type) {
  return first_of(catalog, {"modelType=" + model_type, "isDefault=true"});
}

Result<std::vector<AbTest>> running_tests(const store::Catalog& catalog,
                                          const std::string& model_type) {
  std::vector<AbTest> tests;
  for (const char* status : {"active", "paused"}) {
    if (auto added = add_tests(catalog, model_type, status, tests); !added) return added.error();
  }
  return tests;
}

Result<DefaultHistory> default_history(const store::Catalog& catalog,
                                       const std::string& model_type) {
  DefaultHistory history;
  const auto document = catalog.find(kDefaultHistoryKind, model_type);
  if (document) {
    auto read = read_stored<DefaultHistory>(*document, read_history);
    if (!read) return read;
    history = std::move(*read);
    history.revision = document->revision;
  } else if (document.error().code != Errc::not_found) {
    return document.error();
  }
  history.model_type = model_type;
  return history;
}

store::DocumentWrite write_of(const DefaultHistory& history) {
  const std::size_t size = history.defaults.size();
  json::array defaults;
  for (std::size_t i = size > kMaxPastDefaults ? size - kMaxPastDefaults : 0; i < size; ++i) {
    defaults.push_back({{"id", history.defaults[i].id}, {"version", history.defaults[i].version}});
  }
  store::DocumentWrite write;
  write.kind = kDefaultHistoryKind;
  write.id = history.model_type;
  write.body = json::serialize(json::object{{"defaults", std::move(defaults)}});
  write.expected_revision = history.revision;
  return write;
}

Result<std::vector<store::DocumentWrite>> default_writes(const store::Catalog& catalog,
                                                         ModelVersion version) {
  std::vector<store::DocumentWrite> writes;
  auto unset = unset_default(catalog, version.model_type, version.id, writes);
  if (!unset) return unset.error();
  auto history = default_history(catalog, version.model_type);
  if (!history) return history.error();
  version.is_default = true;
  writes.push_back(write_of(version));
  if (history->defaults.empty() || history->defaults.back().id != version.id) {
    history->defaults.push_back({version.id, version.version});
    writes.push_back(write_of(*history));
  }
  return writes;
}

Result<Rollback> rollback_of(const store::Catalog& catalog, const std::string& model_type) {
  auto history = default_history(catalog, model_type);
  if (!history) return history.error();
  const auto current = default_of(catalog, model_type);
  if (!current) return current.error();
  const auto past = drop_current(*history, *current);
  if (!past) {
    return make_error(Errc::conflict, "No other version of " + model_type +
                                          " was the default before: there is nothing to go back "
                                          "to.");
  }
  const auto document = catalog.find(kModelVersionKind, past->id);
  if (!document && document.error().code != Errc::not_found) return document.error();
  if (!document) return no_way_back(model_type, *past, "was deleted");
  auto version = model_version_of(*document);
  if (!version) return version.error();
  if (version->model_type != model_type) {
    return no_way_back(model_type, *past, "is now of another model type");
  }
  if (!version->active) return no_way_back(model_type, *past, "is inactive");
  Rollback rollback{.version = *version, .writes = {}};
  auto unset = unset_default(catalog, model_type, version->id, rollback.writes);
  if (!unset) return unset.error();
  version->is_default = true;
  rollback.writes.push_back(write_of(*version));
  rollback.writes.push_back(write_of(*history));
  return rollback;
}

}  // namespace tallygate::registry
