#pragma once
// Keys and what is kept of them: HMAC-SHA-256 under the server's pepper. Whoever steals the catalog
// without the pepper can neither use nor check a key.

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/registry/client_key.h"

namespace tallygate::access {

inline constexpr std::size_t kSecretBytes = 32;  ///< 256 random bits, of keys and of the pepper
using RandomBytes = std::function<void(std::span<std::uint8_t>)>;

inline constexpr std::string_view kTokenPrefix = "tg-";
inline constexpr std::size_t kTokenBytes = 3 + 43;  ///< the prefix and 32 bytes in base64url

/// A new key: prefix and 256 bits.
std::string make_token(const RandomBytes& random);

/// Looks like a key of this gate, whether it is one or not. Such a text is never sent upstream.
inline bool is_token_form(std::string_view text) {
  return text.size() == kTokenBytes && text.starts_with(kTokenPrefix);
}

/// In the store's folder, beside journal and catalog.
inline constexpr std::string_view kPepperFile = "client_keys.pepper";

using Pepper = std::array<std::uint8_t, kSecretBytes>;

/// The pepper in `file`, made there by the first start (mode 0600, synced). Errors:
/// storage_unavailable, also when others than its owner may read it; storage_corrupt.
Result<Pepper> load_pepper(const std::string& file, const RandomBytes& random);

/// Thread-safe: it does not change.
class KeyHasher {
 public:
  explicit KeyHasher(const Pepper& pepper);

  registry::KeyHash hash(std::string_view token) const;
  /// Tells peppers apart and says nothing of them: eight hexadecimal digits.
  const std::string& pepper_id() const { return pepper_id_; }
  /// What the catalog keeps of `token`.
  registry::KeySecret secret_of(std::string_view token) const;

 private:
  Pepper pepper_;
  std::string pepper_id_;
};

}  // namespace tallygate::access
