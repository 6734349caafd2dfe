#pragma once
// One WriteBatch of the journal, reused. Not thread-safe; the journal thread's.

#include <rocksdb/write_batch.h>

#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "router/record.h"
#include "router/tally/tally.h"
#include "store/journal/codec/batch_codec.h"
#include "store/journal/codec/index_codec.h"
#include "store/journal/names.h"
#include "store/rocksdb/database.h"

namespace tallygate::store {

class Batch {
 public:
  void clear();
  void add_record(const router::Record& record) { append_record(record, records_); }
  /// The records added so far as the log's entry `number`.
  void add_log(const Database& database, std::uint64_t number);
  void add_name(const Database& database, router::NameId id, std::string_view text);
  void add_tally(const Database& database, const router::TallyKey& key, const router::Tally& tally);
  /// The stored tallies now include every batch up to `last`; no record up to it is newer than
  /// `newest`.
  void add_checkpoint(const Database& database, std::uint64_t last, WallTime newest);
  /// No record up to batch `last` is newer than `newest`.
  void add_time(const Database& database, std::uint64_t last, WallTime newest);
  /// `entries` are of one partition, in commit order.
  void add_index(const Database& database, std::size_t partition,
                 std::span<const IndexEntry> entries);
  /// The index now includes every batch up to `last`.
  void add_indexed(const Database& database, std::uint64_t last);
  /// Records made before `before` are forgotten, with them whole batches up to `last`.
  void add_purge(const Database& database, WallTime before, std::uint64_t last);

  void put(const Database& database, Family family, std::string_view key, std::string_view value);
  /// The keys from `first` to before `end`.
  void erase_range(const Database& database, Family family, std::string_view first,
                   std::string_view end);

  ::rocksdb::Status write(Database& database);

 private:
  void put_meta(const Database& database, const char* key, std::uint64_t value);

  ::rocksdb::WriteBatch batch_;
  std::string records_;
  std::string key_;
  std::string value_;
};

}  // namespace tallygate::store
