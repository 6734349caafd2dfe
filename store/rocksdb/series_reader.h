#pragma once
// The stored part of the time series, as it was when the reader was made. Blocks; one thread's.

#include <memory>

#include "router/tally/tally_key.h"
#include "store/rocksdb/database.h"
#include "store/tally/series_book.h"

namespace tallygate::store {

class SeriesReader {
 public:
  explicit SeriesReader(Database& database);

  /// Adds to `sums` the buckets `first` to `last` of `key`.
  Result<void> add(const router::TallyKey& key, Resolution resolution, std::uint32_t first,
                   std::uint32_t last, SeriesSums& sums);

 private:
  BoundedRead read_;
  std::unique_ptr<::rocksdb::Iterator> at_;
};

}  // namespace tallygate::store
