#pragma once
// The rules that a model version keeps (api.md section 2). Pure. Errors: rule_broken (422), whose
// message is the rule; conflict (409), which names the state that forbids it.

#include <span>

#include "base/result.h"
#include "gateway/registry/experiments/ab_test.h"
#include "gateway/registry/model_version.h"
#include "gateway/registry/secret_reference.h"

namespace tallygate::registry {

inline constexpr std::size_t kMaxVersionTargets = 64;

/// What one version must be by itself and beside the file: names, semver, a default that is
/// active, nothing that the file declares already.
Result<void> check_version(const ModelVersion& version, const config::Settings& file);

/// Named targets are in the file, inline ones are sound and their secrets can be had. To be asked
/// before a version takes traffic, so that one that no longer can may still be deactivated.
Result<void> check_targets(const ModelVersion& version, const config::Settings& file,
                           const SecretSource& secrets);

/// Whether `after` (null = deleted) leaves alone what a running (active or paused) test of
/// `before`'s model type uses. `tests` are those; the file's are looked up in `file`.
Result<void> check_unused(const ModelVersion& before, const ModelVersion* after,
                          const config::Settings& file, std::span<const AbTest> tests);

/// What the file declares is changed there. Errors: conflict.
Error read_only(const ModelVersion& version);

}  // namespace tallygate::registry
