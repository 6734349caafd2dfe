#include "store/journal/reading/record_query.h"

#include "base/hash.h"
#include "store/journal/codec/batch_codec.h"
#include "store/journal/codec/record_codec.h"

namespace tallygate::store {

std::uint64_t index_hash(const Uuid& request_id) { return hash64(request_id.view()); }
std::uint64_t index_hash(std::string_view response_id) { return hash64(response_id); }

RecordQuery RecordQuery::by_id(const Uuid& id) {
  RecordQuery query;
  query.id_ = id;
  query.hash_ = index_hash(id);
  return query;
}

RecordQuery RecordQuery::by_response_id(std::string_view id) {
  RecordQuery query;
  query.response_id_ = id;
  query.hash_ = index_hash(id);
  return query;
}

WallTime RecordQuery::earliest() const { return id_ ? time_of(*id_) : WallTime{}; }

Result<std::optional<router::Record>> RecordQuery::find_in(std::string_view batch,
                                                           WallTime cutoff) const {
  while (!batch.empty()) {
    const auto stored = take_record(batch);
    if (!stored) return stored.error();
    if (id_ && stored->id != *id_) continue;
    if (time_of(stored->id) < cutoff) continue;
    auto record = decode_record(stored->id, stored->bytes);
    if (!record) return record.error();
    if (id_ || record->response_id == response_id_) {
      return std::optional<router::Record>(std::move(*record));
    }
  }
  return std::optional<router::Record>();
}

Error RecordQuery::not_found() const {
  return make_error(Errc::not_found, id_ ? "no request " + to_string(*id_) + " in the journal"
                                         : "no request in the journal was answered with that id");
}

}  // namespace tallygate::store
