#pragma once
// XXH3, the one hash of the tree: assignment, dictionary lookups, sharding. Not for secrets.

#include <cstdint>
#include <string_view>

namespace tallygate {

/// XXH3_64bits_withSeed over the bytes of `data` (xxHash 0.8).
std::uint64_t hash64(std::string_view data, std::uint64_t seed = 0);

struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const Hash128&) const = default;
};

/// XXH3_128bits over the bytes of `data`.
Hash128 hash128(std::string_view data);

}  // namespace tallygate
