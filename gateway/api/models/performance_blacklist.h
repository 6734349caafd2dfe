#pragma once
// The body of POST /performance/blacklisted, and what a gate that starts finds of benches by hand.

#include <vector>

#include "gateway/api/fields.h"
#include "store/catalog/catalog.h"

namespace tallygate::api {

inline constexpr std::string_view kBlacklistingKind = "blacklisting";

extern const Fields kBenchBody;

struct BenchByHand {
  std::string target;
  WallTime until{};
};
/// Those that are not over at `now`. Errors: storage_unavailable, storage_corrupt.
Result<std::vector<BenchByHand>> benches_by_hand(const store::Catalog& catalog, WallTime now);

}  // namespace tallygate::api
