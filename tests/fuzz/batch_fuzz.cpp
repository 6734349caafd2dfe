// Bytes of a log entry and of an index entry: what is taken apart must be the bytes that came.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "store/batch_codec.h"
#include "store/index_codec.h"
#include "store/record_query.h"

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

  std::vector<store::IndexEntry> entries;
  std::string_view rest = bytes;
  while (const auto entry = store::take_last_entry(rest)) {
    entries.insert(entries.begin(), *entry);
  }
  if (size % 16 == 0) {
    std::string again;
    store::append_entries(entries, again);
    TG_ASSERT(again == bytes);
  }
  return 0;
}
