#pragma once
// What the gate routes by: the configuration file merged with the catalog's documents. Where they
// disagree the file wins, and a document that no longer makes sense is left out, with a warning:
// no document can keep the gate from starting. Pure, but for looking up secrets.

#include <map>
#include <span>
#include <string>
#include <vector>

#include "config/settings.h"
#include "gateway/registry/experiments/ab_test.h"
#include "gateway/registry/model_version.h"
#include "gateway/registry/secret_reference.h"

namespace tallygate::registry {

struct Effective {
  /// As if config::parse had made it: every reference resolves. Versions without targets are the
  /// one thing that no file could say.
  config::Settings settings;
  /// By route: the tests of the catalog that are the experiments of `settings`, whose slot tables,
  /// epochs and coverage hold. `settings` names them by record_name().
  std::map<std::string, AbTest> tests;
  std::vector<std::string> warnings;
};

Effective effective_settings(const config::Settings& file, std::span<const ModelVersion> versions,
                             std::span<const AbTest> tests, const SecretSource& secrets);

/// "version:<id>#<number>": the target that an inline one becomes.
std::string inline_target_name(const ModelVersion& version, std::size_t number);

}  // namespace tallygate::registry
