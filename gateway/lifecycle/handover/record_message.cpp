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

template <class AnyKey, class Visit>
void for_each_name_of_key(AnyKey& key, const Visit& visit) {
  visit(key.route);
  visit(key.version);
  visit(key.target);
  visit(key.experiment);
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

/// Gives `id` its number here. False: its text was not sent.
bool rename(NameId& id, const NameMap& map) {
  if (id == 0) return true;
  const auto found = map.find(id);
  if (found != map.end()) id = found->second;
  return found != map.end();
}

Result<void> rename(router::Record& record, const NameMap& map) {
  bool all_known = true;
  for_each_name(record, [&](NameId& id) { all_known &= rename(id, map); });
  if (all_known) return {};
  return make_error(Errc::storage_corrupt, "handover: record " + to_string(record.id) +
                                               " has a name whose text was not sent");
}

Result<void> take_started(std::string_view& bytes, const NameMap& map,
                          std::vector<store::Started>& started) {
  const auto count = take<std::uint32_t>(bytes);
  if (!count) return count.error();
  for (std::uint32_t i = 0; i < *count; ++i) {
    if (bytes.size() < router::kTallyKeyBytes) return cut_short();
    auto key = router::decode_tally_key(bytes);
    if (!key) return key.error();
    const auto times = take<std::uint64_t>(bytes);
    if (!times) return times.error();
    bool all_known = true;
    for_each_name_of_key(*key, [&](NameId& id) { all_known &= rename(id, map); });
    if (!all_known) {
      return make_error(Errc::storage_corrupt, "handover: a count has a name that was not sent");
    }
    started.push_back({*key, *times});
  }
  return {};
}

}  // namespace

std::string render_records(std::span<const router::Record* const> records,
                           std::span<const store::Started> started, bool resent,
                           const store::Names& names) {
  boost::unordered_flat_map<NameId, std::string_view> texts;
  const auto add = [&](NameId id) {
    if (id != 0) texts.try_emplace(id, names.text(id).substr(0, kMostNameBytes));
  };
  for (const router::Record* record : records) for_each_name(*record, add);
  for (const store::Started& start : started) for_each_name_of_key(start.key, add);
  std::string body(1, resent ? kResent : '\0');
  append_little(static_cast<std::uint32_t>(texts.size()), body);
  for (const auto& [id, text] : texts) {
    append_little(id, body);
    append_little(static_cast<std::uint16_t>(text.size()), body);
    body.append(text);
  }
  append_little(static_cast<std::uint32_t>(started.size()), body);
  for (const store::Started& start : started) {
    router::encode(start.key, body);
    append_little(start.count, body);
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
  if (auto counted = take_started(body, *map, message.started); !counted) return counted.error();
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
