// Values of the catalog's database: a document, an entry of the audit trail, an answer that is
// remembered. What is read is written as bytes that say the same.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "store/catalog/catalog_codec.h"

using namespace tallygate;

namespace {

template <class T>
void round_trip(std::string_view bytes, Result<T> (*decode)(std::string_view),
                std::string (*encode)(const T&)) {
  const Result<T> value = decode(bytes);
  if (!value) {
    TG_ASSERT(value.error().code == Errc::storage_corrupt && !value.error().message.empty());
    return;
  }
  const std::string once = encode(*value);
  const Result<T> again = decode(once);
  TG_ASSERT(again && encode(*again) == once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: round_trip(bytes, store::decode_document, store::encode_document); break;
    case 1: round_trip(bytes, store::decode_audit_entry, store::encode_audit_entry); break;
    default: round_trip(bytes, store::decode_answer, store::encode_answer);
  }
  return 0;
}
