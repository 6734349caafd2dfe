#pragma once
// The response fields that every planned answer carries: x-request-id and x-tallygate-*. Those that
// depend on route, version and variant alone are rendered once and kept, one cache per worker.

#include <boost/unordered/unordered_flat_map.hpp>
#include <string>
#include <string_view>

#include "router/plan.h"
#include "store/journal/names.h"

namespace tallygate {

struct Exchange;

class OwnFields {
 public:
  static constexpr std::size_t kMostKept = 16 * 1024;

  /// x-tallygate-route, -version, -experiment and -variant, as whole header lines; valid until the
  /// next call. `version` is that of the target that serves, 0 = none.
  std::string_view block_of(const router::Plan& plan, router::NameId version,
                            const store::Names& names);

 private:
  struct Key {
    router::NameId route;
    router::NameId version;
    router::NameId experiment;
    router::NameId variant;
    bool operator==(const Key&) const = default;
    friend std::size_t hash_value(const Key& key) {
      const std::uint64_t low = std::uint64_t{key.route} << 32 | key.version;
      const std::uint64_t high = std::uint64_t{key.experiment} << 32 | key.variant;
      return static_cast<std::size_t>((low * 0x9E3779B97F4A7C15ULL) ^
                                      (high * 0xC2B2AE3D27D4EB4FULL));
    }
  };
  boost::unordered_flat_map<Key, std::string> blocks_;
};

/// Appends them all, and takes exchange.overhead_us: the time in the gate so far.
void append_own_fields(Exchange& exchange, std::string& block);

}  // namespace tallygate
