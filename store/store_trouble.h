#pragma once
// What keeps a database from being written, in the words that metrics, /readyz and logs share.

#include <cstdint>
#include <string_view>

namespace tallygate::store {

enum class StoreTrouble : std::uint8_t {
  none,
  slow,     ///< a write has been under way, or put off by RocksDB, for longer than 5 s
  full,     ///< no space left, or less than the reserve
  refused,  ///< read-only, forbidden, an input/output error
  corrupt,  ///< what is stored cannot be read
  gone,     ///< its folder is not there, or it is empty
};
inline constexpr int kStoreTroubleCount = static_cast<int>(StoreTrouble::gone) + 1;

constexpr std::string_view name_of(StoreTrouble trouble) {
  switch (trouble) {
    case StoreTrouble::none: return "none";
    case StoreTrouble::slow: return "slow";
    case StoreTrouble::full: return "full";
    case StoreTrouble::refused: return "refused";
    case StoreTrouble::corrupt: return "corrupt";
    case StoreTrouble::gone: return "gone";
  }
  return "none";
}

}  // namespace tallygate::store
