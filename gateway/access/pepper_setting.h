#pragma once
// The pepper of client keys where the configuration gives it, in place of the store's own file
// (key_hash.h).

#include <string_view>

#include "gateway/access/key_hash.h"

namespace tallygate::access {

/// `text` of the setting secrets.pepper. Errors: config_invalid, without the text.
Result<Pepper> parse_pepper(std::string_view text);

}  // namespace tallygate::access
