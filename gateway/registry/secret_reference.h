#pragma once
// Secrets are named, never stored: "env:NAME" or "file:/path". Errors name the reference and never
// hold the value.

#include <string>

#include "base/result.h"
#include "config/load.h"

namespace tallygate::registry {

/// Where references are looked up: the environment and files of the process, or a test's.
using SecretSource = config::Surroundings;

/// Whether a document of the API may have the secret `reference` used at `url`, which is sound:
/// a target of the file sends it to the same scheme, host and port, or `secrets.allow` of the file
/// lists it, so that who writes documents cannot send whatever the process can read to a server of
/// theirs. To be asked before the secret is looked up. Errors: rule_broken, with `param` empty,
/// saying what to add to the file.
Result<void> check_secret_allowed(const std::string& reference, const std::string& url,
                                  const config::Settings& file);

/// The empty reference is the empty secret. Errors: rule_broken, with `param` empty.
Result<config::Secret> resolve_secret(const std::string& reference, const SecretSource& source);

}  // namespace tallygate::registry
