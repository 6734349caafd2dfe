#pragma once
// An upstream's error may repeat the key that it was sent: OpenAI's does so in part, others whole.
// What it says goes to the client, who must not learn it. Pure.

#include <cstddef>
#include <string>
#include <string_view>

namespace tallygate {

/// A shorter one is a word like "none" or "EMPTY", which local servers are given, and no secret.
inline constexpr std::size_t kLeastMaskedKeyBytes = 8;

/// Writes asterisks over each `key` in `text` from `begin` on, as many as it has bytes, so that
/// lengths that were told stay true. Returns how many bytes at the end may be the beginning of a
/// key whose rest is yet to come; always fewer than the key has.
std::size_t mask_key(std::string_view key, std::string& text, std::size_t begin = 0);

}  // namespace tallygate
