// Bytes of a journal value -> Record -> bytes: what decodes must encode to something that decodes
// to the same bytes again.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "store/journal/codec/record_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tallygate;
  const Uuid id;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto record = store::decode_record(id, bytes);
  if (!record) {
    TG_ASSERT(record.error().code == Errc::storage_corrupt);
    return 0;
  }
  std::string once;
  store::encode_record(*record, once);
  const auto again = store::decode_record(id, once);
  TG_ASSERT(again.has_value());
  std::string twice;
  store::encode_record(*again, twice);
  TG_ASSERT(once == twice);
  return 0;
}
