#include "store/journal/codec/batch_codec.h"

#include "store/bytes.h"
#include "store/journal/codec/record_codec.h"

namespace tallygate::store {
namespace {

constexpr std::size_t kLengthBytes = sizeof(std::uint32_t);
constexpr std::size_t kHeadBytes = sizeof(Uuid) + kLengthBytes;

}  // namespace

void append_record(const router::Record& record, std::string& batch) {
  batch.append(record.id.view());
  const std::size_t length_at = batch.size();
  batch.append(kLengthBytes, '\0');
  encode_record(record, batch);
  const std::size_t bytes = batch.size() - length_at - kLengthBytes;
  put_little(batch.data() + length_at, static_cast<std::uint32_t>(bytes));
}

Result<StoredRecord> take_record(std::string_view& batch) {
  if (batch.size() < kHeadBytes) {
    return make_error(Errc::storage_corrupt,
                      "journal: a batch ends with " + std::to_string(batch.size()) +
                          " bytes, a record has at least " + std::to_string(kHeadBytes));
  }
  StoredRecord record{uuid_of(batch.substr(0, sizeof(Uuid))), {}};
  const char* at = batch.data() + sizeof(Uuid);
  const auto length = take_little<std::uint32_t>(at);
  batch.remove_prefix(kHeadBytes);
  if (length > batch.size()) {
    return make_error(Errc::storage_corrupt, "journal: record " + to_string(record.id) +
                                                 " should have " + std::to_string(length) +
                                                 " bytes, its batch has " +
                                                 std::to_string(batch.size()) + " more");
  }
  record.bytes = batch.substr(0, length);
  batch.remove_prefix(length);
  return record;
}

}  // namespace tallygate::store
