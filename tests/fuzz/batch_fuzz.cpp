// Bytes of a log entry and of an index entry: what is taken apart adds up to what came.

#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "store/journal/codec/batch_codec.h"
#include "store/journal/codec/index_codec.h"
#include "store/journal/reading/record_query.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tallygate;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);

  std::size_t taken = 0;
  for (std::string_view rest = bytes; !rest.empty();) {
    const auto record = store::take_record(rest);
    if (!record) {
      TG_ASSERT(record.error().code == Errc::storage_corrupt);
      break;
    }
    taken += sizeof(Uuid) + sizeof(std::uint32_t) + record->bytes.size();
    TG_ASSERT(taken + rest.size() == size);
  }
  const auto found = store::RecordQuery::by_response_id("r").find_in(bytes, WallTime{});
  TG_ASSERT(found || found.error().code == Errc::storage_corrupt);

  const std::uint64_t hash = size == 0 ? 0 : data[0];
  store::IndexEntries entries(1, bytes);
  while (const auto batch = entries.take_match(hash)) TG_ASSERT(*batch >= 1);
  TG_ASSERT(!entries.last_batch());
  return 0;
}
