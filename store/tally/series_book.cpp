#include "store/tally/series_book.h"

#include <algorithm>
#include <chrono>
#include <iterator>

#include "base/hash.h"
#include "store/bytes.h"

namespace tallygate::store {
namespace {

constexpr std::chrono::hours kMinutesKept{24};
constexpr std::chrono::hours kHoursKept{30 * 24};

Error broken(const std::string& what) {
  return make_error(Errc::storage_corrupt, "journal: a point of its time series " + what);
}

}  // namespace

std::size_t SeriesBook::Hash::operator()(const BucketKey& key) const {
  const std::uint64_t words[] = {std::uint64_t{key.key} << 32 | key.bucket,
                                 static_cast<std::uint64_t>(key.resolution)};
  return hash64({reinterpret_cast<const char*>(words), sizeof words});
}

Result<void> SeriesBook::load(const Database& database) {
  const auto end = database.meta(kSeriesEndKey);
  if (!end) return end.error();
  end_ = next_end_ = swept_end_ =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(*end, UINT32_MAX));
  return {};
}

router::Totals& SeriesBook::pending_at(std::uint32_t key, std::uint32_t minute) {
  if (key >= heads_.size()) heads_.resize(key + std::size_t{1});
  for (std::uint32_t at = heads_[key]; at != 0; at = pending_[at - 1].next) {
    if (pending_[at - 1].minute == minute) return pending_[at - 1].totals;
  }
  Pending& pending = pending_.emplace_back();
  pending.key = key;
  pending.minute = minute;
  pending.next = heads_[key];
  heads_[key] = static_cast<std::uint32_t>(pending_.size());
  next_end_ = std::max(next_end_, minute + 1);
  return pending.totals;
}

Result<router::Totals> SeriesBook::stored(const Database& database, const router::TallyKey& key,
                                          const BucketKey& bucket) const {
  if (const auto cached = cache_.find(bucket); cached != cache_.end()) return cached->second.totals;
  if (end_ == 0 || bucket.bucket > bucket_of(end_ - 1, bucket.resolution)) return router::Totals{};
  const auto bytes =
      database.get(Family::series, series_key(bucket.resolution, bucket.bucket, key));
  if (!bytes) return bytes.error();
  if (!*bytes) return router::Totals{};
  std::string_view rest = **bytes;
  const auto totals = router::Totals::decode(rest);
  if (!totals) return broken("cannot be read (" + totals.error().message + ")");
  return *totals;
}

Result<void> SeriesBook::add_checkpoint(const Database& database,
                                        std::span<const router::TallyKey> keys, Batch& batch) {
  staged_.clear();
  for (const Pending& pending : pending_) {
    for (const Resolution resolution : kResolutions) {
      const BucketKey bucket{pending.key, bucket_of(pending.minute, resolution), resolution};
      auto at = staged_.find(bucket);
      if (at == staged_.end()) {
        const auto before = stored(database, keys[pending.key], bucket);
        if (!before) return before.error();
        at = staged_.emplace(bucket, *before).first;
      }
      at->second.merge(pending.totals);
    }
  }
  std::string value;
  for (const auto& [bucket, totals] : staged_) {
    value.clear();
    totals.encode(value);
    batch.put(database, Family::series,
              series_key(bucket.resolution, bucket.bucket, keys[bucket.key]), value);
  }
  batch.put(database, Family::meta, kSeriesEndKey, big_endian(std::uint64_t{next_end_}));
  return {};
}

void SeriesBook::after_checkpoint() {
  for (const auto& [bucket, totals] : staged_)
    cache_.insert_or_assign(bucket, Stored{totals, true});
  for (const Pending& pending : pending_) heads_[pending.key] = 0;
  staged_.clear();
  pending_.clear();
  end_ = next_end_;
  if (end_ != swept_end_) sweep();
}

/// Once a minute: what was not added to since the last time leaves the cache.
void SeriesBook::sweep() {
  swept_end_ = end_;
  boost::unordered::erase_if(cache_, [](const auto& entry) { return !entry.second.used; });
  for (auto& [bucket, stored] : cache_) stored.used = false;
}

void SeriesBook::add_pending(std::uint32_t key, Resolution resolution, std::uint32_t first,
                             std::uint32_t last, SeriesSums& sums) const {
  if (key >= heads_.size()) return;
  for (std::uint32_t at = heads_[key]; at != 0; at = pending_[at - 1].next) {
    const std::uint32_t bucket = bucket_of(pending_[at - 1].minute, resolution);
    if (bucket >= first && bucket <= last) sums[bucket].merge(pending_[at - 1].totals);
  }
}

Result<void> add_series_expiry(const Database& database, WallTime now, Batch& batch) {
  for (const Resolution resolution : {Resolution::minute, Resolution::hour}) {
    const auto kept = resolution == Resolution::minute ? kMinutesKept : kHoursKept;
    const std::uint32_t bucket = bucket_of(minute_of(now - kept), resolution);
    const std::string first = series_chunk_key(resolution, 0);
    const std::string end = series_chunk_key(resolution, bucket / buckets_in_chunk(resolution));
    bool any = false;  // a range that is deleted again and again would slow down every read
    auto scanned = database.scan(Family::series, first, end, [&](auto, auto) {
      any = true;
      return false;
    });
    if (!scanned) return scanned;
    if (any) batch.erase_range(database, Family::series, first, end);
  }
  return {};
}

}  // namespace tallygate::store
