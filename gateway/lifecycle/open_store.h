#pragma once
// Opens the store that a gate begins with, and tells the operator of what is unusual about it.

#include <memory>

#include "base/result.h"
#include "config/settings.h"
#include "store/catalog/catalog_lease.h"
#include "store/journal/journal.h"
#include "store/journal/names.h"

namespace tallygate::lifecycle {

struct OpenedStore {
  store::JournalOptions journal_options;
  std::unique_ptr<store::Journal> journal;
  std::unique_ptr<store::CatalogLease> catalog;
};

enum class WhenCorrupt : bool {
  refuse,
  quarantine,  ///< what is damaged is moved aside, and a new one begins
};

/// Fills `names`. `now` names what is moved aside. Errors: storage_unavailable, storage_corrupt,
/// with what to do.
Result<OpenedStore> open_store(const config::Store& where, store::Names& names, WhenCorrupt policy,
                               WallTime now);

/// What a gate says of its records when it stops.
std::string last_words(const store::JournalStatus& status);

}  // namespace tallygate::lifecycle
