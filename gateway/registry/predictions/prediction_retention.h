#pragma once
// Predictions leave the catalog with age; the counts they were folded into stay. A sweep looks at a
// few at a time, in the order of their ids, and begins again at the end.

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "store/catalog/catalog.h"

namespace tallygate::registry {

class PredictionSweep {
 public:
  /// Looks at the next `limit` subjects and removes those last changed before `before`. Returns how
  /// many; 0 when another write came between, and then looks at them again. Blocking. Errors:
  /// storage_unavailable, storage_corrupt.
  Result<std::uint32_t> step(store::Catalog& catalog, WallTime before, std::uint32_t limit,
                             WallTime now);

 private:
  std::string after_;  ///< the id of the last one looked at
};

}  // namespace tallygate::registry
