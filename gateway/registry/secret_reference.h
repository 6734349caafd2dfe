#pragma once
// Secrets are named, never stored: "env:NAME" or "file:/path". Errors name the reference and never
// hold the value.

#include <string>

#include "base/result.h"
#include "config/load.h"

namespace tallygate::registry {

/// Where references are looked up: the environment and files of the process, or a test's.
using SecretSource = config::Surroundings;

/// The empty reference is the empty secret. Errors: rule_broken, with `param` empty.
Result<config::Secret> resolve_secret(const std::string& reference, const SecretSource& source);

}  // namespace tallygate::registry
