#pragma once
// Model versions in the catalog, and the order in which they were defaults (kind "default_history",
// one document per model type). Reads may block. Errors: storage_unavailable, storage_corrupt.

#include <optional>
#include <string>
#include <vector>

#include "gateway/registry/experiments/ab_test.h"
#include "gateway/registry/model_version.h"

namespace tallygate::registry {

inline constexpr std::string_view kDefaultHistoryKind = "default_history";
/// Older ones are forgotten.
inline constexpr std::size_t kMaxPastDefaults = 100;

/// The write of `version` onto the revision that was read (0 = new). (modelType, version) and the
/// one default per model type are the catalog's unique keys.
store::DocumentWrite write_of(const ModelVersion& version);
store::DocumentWrite deletion_of(const ModelVersion& version);

/// All of them. What cannot be read is left out, and named in `unreadable`.
Result<std::vector<ModelVersion>> all_versions(const store::Catalog& catalog,
                                               std::vector<std::string>& unreadable);
/// Of one model type and one version; nullopt = there is none.
Result<std::optional<ModelVersion>> find_version(const store::Catalog& catalog,
                                                 const std::string& model_type,
                                                 const std::string& version);
Result<std::optional<ModelVersion>> default_of(const store::Catalog& catalog,
                                               const std::string& model_type);
/// Active and paused ones of the model type.
Result<std::vector<AbTest>> running_tests(const store::Catalog& catalog,
                                          const std::string& model_type);

struct PastDefault {
  std::string id;
  std::string version;
};
struct DefaultHistory {
  std::string model_type;
  std::vector<PastDefault> defaults;  ///< oldest first; the last may be the current one
  std::uint64_t revision = 0;
};
Result<DefaultHistory> default_history(const store::Catalog& catalog,
                                       const std::string& model_type);
store::DocumentWrite write_of(const DefaultHistory& history);

/// The writes that make `version` the default of its model type, onto the revision that was read:
/// the old default is unset and remembered.
Result<std::vector<store::DocumentWrite>> default_writes(const store::Catalog& catalog,
                                                         ModelVersion version);
/// The writes that give the default back to the one before. Errors: conflict, which says why
/// there is none: never was, deleted, renamed, inactive.
struct Rollback {
  ModelVersion version;  ///< as it was read
  std::vector<store::DocumentWrite> writes;
};
Result<Rollback> rollback_of(const store::Catalog& catalog, const std::string& model_type);

}  // namespace tallygate::registry
