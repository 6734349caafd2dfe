#pragma once
// One WriteBatch of the journal, reused. Not thread-safe; the journal thread's.

#include <rocksdb/write_batch.h>

#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/time.h"
#include "router/record.h"
#include "router/tally.h"
#include "store/names.h"
#include "store/rocksdb/database.h"

namespace tallygate::store {

class Batch {
 public:
  void clear();
  void add_record(const Database& database, const router::Record& record);
  /// After the records: their ids as the log's entry `number`.
  void add_log(const Database& database, std::uint64_t number);
  void add_response(const Database& database, const Hash128& response, const Uuid& request_id);
  void add_name(const Database& database, router::NameId id, std::string_view text);
  void add_tally(const Database& database, const router::TallyKey& key, const router::Tally& tally);
  /// The stored tallies now include every batch up to `last`.
  void add_checkpoint(const Database& database, std::uint64_t last);
  /// Removes the log's entries `first` to `last`.
  void trim_log(const Database& database, std::uint64_t first, std::uint64_t last);
  /// Removes the records that were made in [from, to).
  void remove_records(const Database& database, WallTime from, WallTime to);

  ::rocksdb::Status write(Database& database);

 private:
  ::rocksdb::WriteBatch batch_;
  std::string ids_;
  std::string key_;
  std::string value_;
};

}  // namespace tallygate::store
