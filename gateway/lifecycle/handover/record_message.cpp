#include "gateway/lifecycle/handover/record_message.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include "store/bytes.h"
#include "store/journal/codec/batch_codec.h"
#include "store/journal/codec/record_codec.h"

namespace tallygate::lifecycle {
namespace {

using router::NameId;
using NameMap = boost::unordered_flat_map<NameId, NameId>;

constexpr char kResent = 1;
constexpr std::size_t kMostNameBytes = 0xFFFF;

/// Calls `visit` with every name in `record`. A name that is forgotten here would be another one in
/// the successor's journal; the test fills a record with different names and compares their texts.
template <class AnyRecord, class Visit>
void for_each_name(AnyRecord& record, const Visit& visit) {
  visit(record.route);
  visit(record.assigned_version);
  visit(record.served_version);
  visit(record.experiment);
  visit(record.target);
  for (auto& attempt : record.attempts) {
    visit(attempt.target);
    visit(attempt.route);
    visit(attempt.version);
  }
}

template <class T>
void append_little(T value, std::string& out) {
  const std::size_t at = out.size();
  out.resize(at + sizeof value);
  store::put_little(out.data() + at, value);
}

Error cut_short() {
  return make_error(Errc::storage_corrupt, "handover: a message of records is cut short");
}

template <class T>
Result<T> take(std::string_view& bytes) {
  if (bytes.size() < sizeof(T)) return cut_short();
  const char* at = bytes.data();
  const T value = store::take_little<T>(at);
  bytes.remove_prefix(sizeof(T));
  return value;
}

Result<NameMap> take_names(std::string_view& bytes, store::Names& names) {
  const auto count = take<std::uint32_t>(bytes);
  if (!count) return count.error();
  NameMap map;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto id = take<std::uint32_t>(bytes);
    if (!id) return id.error();
    const auto length = take<std::uint16_t>(bytes);
    if (!length) return length.error();
    if (bytes.size() < *length) return cut_short();
    map[*id] = names.intern(bytes.substr(0, *length));
    bytes.remove_prefix(*length);
  }
  return map;
}

Result<void> rename(router::Record& record, const NameMap& map) {
  bool all_known = true;
  for_each_name(record, [&](NameId& id) {
    if (id == 0) return;
    const auto found = map.find(id);
    all_known &= found != map.end();
    if (found != map.end()) id = found->second;
  });
  if (all_known) return {};
  return make_error(Errc::storage_corrupt, "handover: record " + to_string(record.id) +
                                               " has a name whose text was not sent");
}

}  // namespace

std::string render_records(std::span<const router::Record* const> records, bool resent,
                           const store::Names& names) {
  boost::unordered_flat_map<NameId, std::string_view> texts;
  for (const router::Record* record : records) {
    for_each_name(*record, [&](NameId id) {
      if (id != 0) texts.try_emplace(id, names.text(id).substr(0, kMostNameBytes));
    });
  }
  std::string body(1, resent ? kResent : '\0');
  append_little(static_cast<std::uint32_t>(texts.size()), body);
  for (const auto& [id, text] : texts) {
    append_little(id, body);
    append_little(static_cast<std::uint16_t>(text.size()), body);
    body.append(text);
  }
  for (const router::Record* record : records) store::append_record(*record, body);
  return body;
}

Result<RecordMessage> parse_records(std::string_view body, store::Names& names) {
  if (body.empty()) return cut_short();
  RecordMessage message;
  message.resent = (body[0] & kResent) != 0;
  body.remove_prefix(1);
  const auto map = take_names(body, names);
  if (!map) return map.error();
  while (!body.empty()) {
    const auto stored = store::take_record(body);
    if (!stored) return stored.error();
    auto record = store::decode_record(stored->id, stored->bytes);
    if (!record) return record.error();
    if (auto renamed = rename(*record, *map); !renamed) return renamed.error();
    message.records.push_back(std::move(*record));
  }
  return message;
}

}  // namespace tallygate::lifecycle
