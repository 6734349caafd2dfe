#pragma once
// Documents of one kind leave the catalog with age. A sweep looks at a few at a time, in the order
// of their ids, and begins again at the end.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "store/catalog/catalog.h"

namespace tallygate::store {

class DocumentSweep {
 public:
  explicit DocumentSweep(std::string_view kind) : kind_(kind) {}

  /// Looks at the next `limit` of them and removes those last changed before `before`. Returns how
  /// many; 0 when another write came between, and then looks at them again. Blocking. Errors:
  /// storage_unavailable, storage_corrupt.
  Result<std::uint32_t> step(Catalog& catalog, WallTime before, std::uint32_t limit, WallTime now);

 private:
  std::string kind_;
  std::string after_;  ///< the id of the last one looked at
};

}  // namespace tallygate::store
