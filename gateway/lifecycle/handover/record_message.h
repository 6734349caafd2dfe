#pragma once
// The body of a `records` message: records, counts of requests that were started, and the text of
// every name in them, because two processes number names each in its own way. Bytes: u8 flags, u32
// count of names, each u32 id, u16 length, text; u32 count of starts, each a tally's key (as
// stored) and u64 count; then the records as a batch of the journal
// (store/journal/codec/batch_codec.h). Pure but for the dictionaries.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "router/record.h"
#include "store/journal/journal.h"
#include "store/journal/names.h"

namespace tallygate::lifecycle {

struct RecordMessage {
  std::vector<router::Record> records;  ///< by the reader's names
  std::vector<store::Started> started;  ///< by the reader's names
  bool resent = false;                  ///< some of them may be in the journal already
};

std::string render_records(std::span<const router::Record* const> records,
                           std::span<const store::Started> started, bool resent,
                           const store::Names& names);
/// Every byte string is acceptable input: what is not such a message is storage_corrupt.
Result<RecordMessage> parse_records(std::string_view body, store::Names& names);

}  // namespace tallygate::lifecycle
