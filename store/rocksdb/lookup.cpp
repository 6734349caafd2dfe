// Database's half that finds: by key, by time, by request id, by response id.

#include "store/bytes.h"
#include "store/journal/codec/index_codec.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/errors.h"

namespace tallygate::store {
namespace {

Error broken(const char* what) {
  return make_error(Errc::storage_corrupt, std::string("journal: ") + what);
}

}  // namespace

Result<std::optional<std::string>> Database::get(Family which, std::string_view key) const {
  std::string value;
  const auto status = engine_->Get(::rocksdb::ReadOptions(), family(which),
                                   ::rocksdb::Slice(key.data(), key.size()), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return error_of(status, "reading an entry");
  return std::optional<std::string>(std::move(value));
}

Result<std::uint64_t> Database::last_batch_before(WallTime time) const {
  const std::unique_ptr<::rocksdb::Iterator> at(
      engine_->NewIterator(journal_scan_options(), family(Family::times)));
  const auto micros = micros_since_epoch(time);
  std::uint64_t found = 0;
  std::uint64_t low = 0;
  std::uint64_t high = UINT64_MAX;  // entries grow with their keys, so that halving finds the last
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    at->Seek(big_endian(middle));
    if (!at->Valid()) {
      if (!at->status().ok()) return error_of(at->status(), "reading its times");
      high = middle;
      continue;
    }
    const auto key = at->key().ToStringView();
    const auto value = at->value().ToStringView();
    if (key.size() != sizeof(std::uint64_t) || value.size() != sizeof(std::uint64_t)) {
      return broken("an entry of its times is broken");
    }
    if (static_cast<std::int64_t>(from_big_endian<std::uint64_t>(value)) >= micros) {
      high = middle;
    } else {
      found = from_big_endian<std::uint64_t>(key);
      low = found + 1;
    }
  }
  return found;
}

Result<router::Record> Database::find(const RecordQuery& query,
                                      std::span<const std::uint64_t> pending) const {
  const auto cutoff = purged();
  if (!cutoff) return cutoff.error();
  BoundedRead read(*engine_);
  for (const std::uint64_t number : pending) {
    auto found = find_in_batch(query, number, *cutoff, read);
    if (!found) return found.error();
    if (*found) return std::move(**found);
  }
  auto found = find_in_index(query, *cutoff, read);
  if (!found) return found.error();
  if (!*found) return query.not_found();
  return std::move(**found);
}

Database::Found Database::find_in_batch(const RecordQuery& query, std::uint64_t number,
                                        WallTime cutoff, BoundedRead& read) const {
  if (const auto over = read.next_row(); !over.ok()) return error_of(over, "looking a record up");
  ::rocksdb::PinnableSlice batch;
  const auto status = engine_->Get(read.options(), family(Family::log), big_endian(number), &batch);
  if (status.IsNotFound()) return std::optional<router::Record>();
  if (!status.ok()) return error_of(status, "reading batch " + std::to_string(number));
  return query.find_in(batch.ToStringView(), cutoff);
}

Database::Found Database::find_in_index(const RecordQuery& query, WallTime cutoff,
                                        BoundedRead& read) const {
  const auto before = last_batch_before(query.earliest());
  if (!before) return before.error();
  const std::size_t partition = partition_of(query.hash());
  const std::string first = index_key(partition, 0);
  const std::string end = index_key(partition + 1, 0);
  const ::rocksdb::Slice lower_bound(first);
  const ::rocksdb::Slice upper_bound(end);
  auto options = read.options();
  options.iterate_lower_bound = &lower_bound;
  options.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<::rocksdb::Iterator> at(
      engine_->NewIterator(options, family(Family::index)));
  for (at->SeekToLast(); at->Valid(); at->Prev()) {
    if (const auto over = read.next_row(); !over.ok()) return error_of(over, "reading its index");
    const auto first_batch = first_batch_of(at->key().ToStringView());
    IndexEntries entries(first_batch.value_or(0), at->value().ToStringView());
    if (!first_batch || !entries.is_whole()) return broken("an entry of its index is broken");
    while (const auto number = entries.take_match(query.hash())) {
      auto found = find_in_batch(query, *number, cutoff, read);
      if (!found || *found) return found;
    }
    if (*first_batch <= *before) break;
  }
  if (!at->status().ok()) return error_of(at->status(), "reading its index");
  return std::optional<router::Record>();
}

}  // namespace tallygate::store
