#pragma once
// A client key as the catalog keeps it (kind "client_key"): who has it, what it opens and how much
// of it, and the keyed hash by which it is known again. The key itself is nowhere.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/catalog/catalog.h"

namespace tallygate::registry {

inline constexpr std::string_view kClientKeyKind = "client_key";

/// An application calls the data listener; a viewer reads the admin listener, an admin may all
/// there. No key opens both.
enum class KeyRole : std::uint8_t { application, viewer, admin };
inline constexpr std::string_view kKeyRoles[] = {"application", "viewer", "admin"};
std::string_view to_text(KeyRole role);
std::optional<KeyRole> parse_key_role(std::string_view text);

/// HMAC-SHA-256 of a key under the server's pepper.
using KeyHash = std::array<std::uint8_t, 32>;

/// A key that works.
struct KeySecret {
  KeyHash hash{};
  std::string pepper_id;  ///< of the pepper that it was hashed with
  std::string last_four;  ///< of the key, for people to know it by
};

struct ClientKey {
  std::string id;  ///< UUIDv7
  std::string name;
  KeyRole role = KeyRole::application;
  std::vector<std::string> routes;        ///< empty = all; "auto" stands for the auto pools
  std::uint64_t requests_per_minute = 0;  ///< 0 = no limit
  std::uint64_t tokens_per_minute = 0;
  std::uint32_t concurrency = 0;
  std::optional<WallTime> expires;
  KeySecret secret;
  std::optional<KeySecret> previous;  ///< from before a rotation
  WallTime previous_until{};          ///< it works until then
  std::uint64_t revision = 0;
  WallTime created{};
  WallTime updated{};
};

std::string to_body(const ClientKey& key);
/// Errors: storage_corrupt.
Result<ClientKey> client_key_of(const store::Document& document);

/// Of a key that was read (`revision`) or is new (0). Errors of the write: conflict, when another
/// key has the name.
store::DocumentWrite write_of(const ClientKey& key);

/// A stored body without what hashes are known by: what may be shown of it.
std::string body_without_secrets(const std::string& body);

}  // namespace tallygate::registry
