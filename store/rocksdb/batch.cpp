#include "store/rocksdb/batch.h"

#include "store/bytes.h"

namespace tallygate::store {
namespace {

::rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

std::uint64_t micros(WallTime time) { return static_cast<std::uint64_t>(micros_since_epoch(time)); }

}  // namespace

void Batch::clear() {
  batch_.Clear();
  records_.clear();
}

void Batch::add_log(const Database& database, std::uint64_t number) {
  batch_.Put(database.family(Family::log), big_endian(number), records_);
}

void Batch::add_name(const Database& database, router::NameId id, std::string_view text) {
  batch_.Put(database.family(Family::names), big_endian(id), slice(text));
}

void Batch::add_tally(const Database& database, const router::TallyKey& key,
                      const router::Tally& tally) {
  key_.clear();
  value_.clear();
  router::encode(key, key_);
  tally.encode(value_);
  batch_.Put(database.family(Family::tallies), key_, value_);
}

void Batch::add_checkpoint(const Database& database, std::uint64_t last, WallTime newest) {
  put_meta(database, kCheckpointKey, last);
  put_meta(database, kNewestKey, micros(newest));
}

void Batch::add_time(const Database& database, std::uint64_t last, WallTime newest) {
  batch_.Put(database.family(Family::times), big_endian(last), big_endian(micros(newest)));
}

void Batch::add_index(const Database& database, std::size_t partition,
                      std::span<const IndexEntry> entries) {
  value_.clear();
  append_entries(entries, value_);
  batch_.Put(database.family(Family::index), index_key(partition, entries.front().batch), value_);
}

void Batch::add_indexed(const Database& database, std::uint64_t last) {
  put_meta(database, kIndexedKey, last);
}

void Batch::add_purge(const Database& database, WallTime before, std::uint64_t last) {
  put_meta(database, kPurgedKey, micros(before));
  // The entry of `last` stays: it says where the log begins.
  if (last != 0) {
    batch_.DeleteRange(database.family(Family::times), big_endian(std::uint64_t{0}),
                       big_endian(last));
  }
}

void Batch::put(const Database& database, Family family, std::string_view key,
                std::string_view value) {
  batch_.Put(database.family(family), slice(key), slice(value));
}

void Batch::erase_range(const Database& database, Family family, std::string_view first,
                        std::string_view end) {
  batch_.DeleteRange(database.family(family), slice(first), slice(end));
}

void Batch::put_meta(const Database& database, const char* key, std::uint64_t value) {
  batch_.Put(database.family(Family::meta), key, big_endian(value));
}

::rocksdb::Status Batch::write(Database& database) {
  return database.engine().Write(journal_write_options(), &batch_);
}

}  // namespace tallygate::store
