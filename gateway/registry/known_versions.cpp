#include "gateway/registry/known_versions.h"

#include "gateway/registry/file_versions.h"
#include "gateway/registry/version_catalog.h"

namespace tallygate::registry {
namespace {

constexpr std::uint32_t kMostVersions = 200;  // of one model type that are looked at

}  // namespace

Result<std::optional<ModelVersion>> version_by_id(const store::Catalog& catalog,
                                                  const config::Settings& settings,
                                                  const std::string& id) {
  if (is_file_version_id(id)) return find_file_version(settings, id);
  const auto document = catalog.find(kModelVersionKind, id);
  if (!document) {
    if (document.error().code == Errc::not_found) return std::optional<ModelVersion>();
    return document.error();
  }
  auto version = model_version_of(*document);
  if (!version) return version.error();
  return std::optional(std::move(*version));
}

Result<std::optional<ModelVersion>> version_by_name(const store::Catalog& catalog,
                                                    const config::Settings& settings,
                                                    const std::string& model_type,
                                                    const std::string& version) {
  auto of_file = find_file_version(settings, file_version_id(model_type, version));
  if (of_file) return of_file;
  return find_version(catalog, model_type, version);
}

Result<std::vector<ModelVersion>> versions_of(const store::Catalog& catalog,
                                              const config::Settings& settings,
                                              const std::string& model_type) {
  std::vector<ModelVersion> versions;
  for (ModelVersion& version : file_versions(settings)) {
    if (version.model_type == model_type && version.active) versions.push_back(std::move(version));
  }
  store::DocumentQuery query;
  query.kind = kModelVersionKind;
  query.index_keys = {"modelType=" + model_type};
  query.limit = kMostVersions;
  const auto page = catalog.list(query);
  if (!page) return page.error();
  for (const store::Document& document : page->documents) {
    auto version = model_version_of(document);
    if (!version) return version.error();
    if (version->active) versions.push_back(std::move(*version));
  }
  return versions;
}

Result<bool> is_model_type(const store::Catalog& catalog, const config::Settings& settings,
                           const std::string& model_type) {
  if (settings.routes.contains(model_type)) return true;
  store::DocumentQuery query;
  query.kind = kModelVersionKind;
  query.index_keys = {"modelType=" + model_type};
  query.limit = 1;
  const auto page = catalog.list(query);
  if (!page) return page.error();
  return !page->documents.empty();
}

}  // namespace tallygate::registry
