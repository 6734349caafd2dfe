#include "store/rocksdb/batch.h"

#include "store/bytes.h"
#include "store/record_codec.h"

namespace tallygate::store {
namespace {

::rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

void Batch::clear() {
  batch_.Clear();
  ids_.clear();
}

void Batch::add_record(const Database& database, const router::Record& record) {
  value_.clear();
  encode_record(record, value_);
  batch_.Put(database.family(Family::records), slice(record.id.view()), value_);
  ids_.append(record.id.view());
}

void Batch::add_log(const Database& database, std::uint64_t number) {
  batch_.Put(database.family(Family::log), big_endian(number), ids_);
}

void Batch::add_response(const Database& database, const Hash128& response,
                         const Uuid& request_id) {
  batch_.Put(database.family(Family::by_response_id), key_of_response(response),
             slice(request_id.view()));
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

void Batch::add_checkpoint(const Database& database, std::uint64_t last) {
  batch_.Put(database.family(Family::meta), kCheckpointKey, big_endian(last));
}

void Batch::trim_log(const Database& database, std::uint64_t first, std::uint64_t last) {
  batch_.DeleteRange(database.family(Family::log), big_endian(first), big_endian(last + 1));
}

void Batch::remove_records(const Database& database, WallTime from, WallTime to) {
  const Uuid first = first_uuid_at(from);
  const Uuid end = first_uuid_at(to);
  batch_.DeleteRange(database.family(Family::records), slice(first.view()), slice(end.view()));
}

::rocksdb::Status Batch::write(Database& database) {
  return database.engine().Write(journal_write_options(), &batch_);
}

}  // namespace tallygate::store
