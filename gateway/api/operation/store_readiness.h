#pragma once
// What /readyz says of the store, on both listeners.

#include <string>
#include <string_view>

#include "store/journal/journal.h"
#include "store/store_health.h"

namespace tallygate::api {

/// Messages name paths: for administrators only.
enum class Messages : bool { left_out, included };

store::StoreHealth store_health_of(const store::JournalStatus& journal,
                                   const store::CatalogStatus& catalog, bool answers_wait);

/// {"status":"<word>"} while all is well, else with what is not:
/// {"status":"ready","store":"degraded","journal":{"trouble":"full",...},...}.
std::string render_readiness(std::string_view word, const store::StoreHealth& health,
                             Messages messages);

}  // namespace tallygate::api
