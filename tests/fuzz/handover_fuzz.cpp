// A message between two gates: five bytes of head, then the body of a `records` message. What is
// read is sent on in other words (names are numbered anew) that say the same.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "gateway/lifecycle/handover/handover_message.h"
#include "gateway/lifecycle/handover/record_message.h"
#include "store/journal/codec/record_codec.h"

using namespace tallygate;
using lifecycle::RecordMessage;

namespace {

std::string message_of(const RecordMessage& message, const store::Names& names) {
  std::vector<const router::Record*> records;
  for (const router::Record& record : message.records) records.push_back(&record);
  return lifecycle::render_records(records, message.started, message.resent, names);
}

void check_head(std::string_view bytes) {
  const auto head = lifecycle::parse_message_head(bytes);
  if (!head) {
    TG_ASSERT(head.error().code == Errc::invalid_parameter && !head.error().message.empty());
    return;
  }
  TG_ASSERT(head->body_bytes <= lifecycle::kMostBodyBytes);
  TG_ASSERT(lifecycle::render_message_head(*head) == bytes);
}

/// The names by their texts, the rest as the journal keeps it.
std::string text_of(router::Record record, const store::Names& names) {
  std::string text = to_string(record.id);
  const auto take = [&](router::NameId& id) {
    text.append(" ").append(names.text(id));
    id = 0;
  };
  take(record.route);
  take(record.assigned_version);
  take(record.served_version);
  take(record.experiment);
  take(record.target);
  for (auto& attempt : record.attempts) {
    take(attempt.target);
    take(attempt.route);
    take(attempt.version);
  }
  store::encode_record(record, text);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size < lifecycle::kMessageHeadBytes) return 0;
  check_head(bytes.substr(0, lifecycle::kMessageHeadBytes));

  store::Names here;
  const auto message = lifecycle::parse_records(bytes.substr(lifecycle::kMessageHeadBytes), here);
  if (!message) {
    TG_ASSERT(message.error().code == Errc::storage_corrupt && !message.error().message.empty());
    return 0;
  }
  store::Names there;
  for (const char* other : {"x", "y"}) there.intern(other);
  const auto sent_on = lifecycle::parse_records(message_of(*message, here), there);
  TG_ASSERT(sent_on && sent_on->resent == message->resent);
  TG_ASSERT(sent_on->records.size() == message->records.size());
  TG_ASSERT(sent_on->started.size() == message->started.size());
  for (std::size_t i = 0; i < sent_on->started.size(); ++i) {
    TG_ASSERT(sent_on->started[i].count == message->started[i].count);
  }
  TG_ASSERT(sent_on->started.size() == message->started.size());
  for (std::size_t i = 0; i < sent_on->records.size(); ++i) {
    TG_ASSERT(text_of(sent_on->records[i], there) == text_of(message->records[i], here));
  }
  return 0;
}
