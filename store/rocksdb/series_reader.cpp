#include "store/rocksdb/series_reader.h"

#include <algorithm>

#include "store/bytes.h"
#include "store/rocksdb/errors.h"

namespace tallygate::store {

SeriesReader::SeriesReader(Database& database)
    : read_(database.engine()),
      at_(database.engine().NewIterator(read_.options(), database.family(Family::series))) {}

Result<void> SeriesReader::add(const router::TallyKey& key, Resolution resolution,
                               std::uint32_t first, std::uint32_t last, SeriesSums& sums) {
  const std::uint64_t per_chunk = buckets_in_chunk(resolution);
  for (std::uint64_t from = first; from <= last; from = (from / per_chunk + 1) * per_chunk) {
    const std::uint64_t chunk_last = (from / per_chunk + 1) * per_chunk - 1;
    const auto to = static_cast<std::uint32_t>(std::min<std::uint64_t>(last, chunk_last));
    const std::string end = series_key(resolution, to, key);
    const std::string start = series_key(resolution, static_cast<std::uint32_t>(from), key);
    auto over = read_.next_row();  // most chunks have few points, or none
    for (at_->Seek(start); at_->Valid() && at_->key().ToStringView() <= end; at_->Next()) {
      if (over.ok()) over = read_.next_row();
      if (!over.ok()) break;
      const auto bytes = at_->key().ToStringView();
      auto value = at_->value().ToStringView();
      const auto totals = router::Totals::decode(value);
      if (bytes.size() != kSeriesKeyBytes || !totals) {
        return make_error(Errc::storage_corrupt,
                          "journal: a point of its time series cannot be read");
      }
      const auto bucket = from_big_endian<std::uint32_t>(bytes.substr(bytes.size() - 4));
      sums[bucket].merge(*totals);
    }
    if (!over.ok()) return error_of(over, "reading a time series");
    if (!at_->status().ok()) return error_of(at_->status(), "reading a time series");
  }
  return {};
}

}  // namespace tallygate::store
