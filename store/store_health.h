#pragma once
// Whether the store keeps up, for /readyz and metrics: a gate with a store in trouble serves on,
// and says so.

#include <cstdint>
#include <string>

#include "store/store_trouble.h"

namespace tallygate::store {

struct CatalogStatus {
  StoreTrouble trouble = StoreTrouble::none;  ///< gauge: why documents cannot be written
  std::uint64_t write_errors = 0;
  std::uint64_t reopened = 0;
  std::string last_error;  ///< stays after the trouble is over
};

struct StoreHealth {
  StoreTrouble journal = StoreTrouble::none;
  StoreTrouble catalog = StoreTrouble::none;
  std::uint64_t records_dropped = 0;
  std::uint64_t records_lost = 0;  ///< of those
  std::uint64_t records_queued = 0;
  bool answers_wait =
      true;  ///< for their record, up to 50 ms; false after three that waited in vain
  std::string journal_error;
  std::string catalog_error;

  bool degraded() const {
    return journal != StoreTrouble::none || catalog != StoreTrouble::none || !answers_wait;
  }
};

}  // namespace tallygate::store
