#pragma once
// `${env:NAME}`, `${env:NAME:-default}`, `${file:/path}` and `$$` in one scalar. What is put in is
// not looked at again, so a variable cannot smuggle in another reference.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/load.h"

namespace tallygate::config::yaml {

struct Interpolated {
  std::string text;
  bool changed = false;  ///< a reference was replaced: the text's type is resolved afresh
};

/// A default is used when the variable is unset or empty, as in a shell. One trailing line break
/// of a file is dropped. Errors name the variable or file, never its content.
Result<Interpolated> interpolate(std::string_view text, const Surroundings& surroundings);

/// "env:NAME" or "file:/path" of a text that is one reference without a default, or with an empty
/// one; nullopt for all others.
std::optional<std::string> sole_reference(std::string_view text);

/// `text` such that interpolate() gives it back.
std::string escape_dollars(std::string_view text);

}  // namespace tallygate::config::yaml
