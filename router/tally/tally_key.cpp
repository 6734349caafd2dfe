#include "router/tally/tally_key.h"

#include <cstring>

#include "base/assert.h"
#include "base/hash.h"
#include "router/blacklist.h"
#include "router/tally/little_endian.h"

namespace tallygate::router {
namespace {

Error corrupt(const char* what) { return make_error(Errc::storage_corrupt, what); }

template <class Field>
void put_at(char*& at, Field field) {
  std::memcpy(at, &field, sizeof field);
  at += sizeof field;
}

std::array<char, kTallyKeyBytes> bytes_of(const TallyKey& key) {
  std::array<char, kTallyKeyBytes> bytes;
  char* at = bytes.data();
  put_at(at, key.kind);
  put_at(at, key.route);
  put_at(at, key.version);
  put_at(at, key.target);
  put_at(at, key.conversation);
  put_at(at, key.experiment);
  put_at(at, key.epoch);
  put_at(at, key.variant);
  TG_ASSERT(at == bytes.data() + bytes.size());
  return bytes;
}

/// Where `record` counts as performance, for a target that was tried for `route`.
TallyKey served_key(const Record& record, NameId route) {
  TallyKey key;
  key.kind = record.mirrored ? TallyKey::Kind::mirror : TallyKey::Kind::performance;
  key.route = route != 0 ? route : record.route;
  key.conversation = record.conversation;
  return key;
}

}  // namespace

std::uint64_t hash_of(const TallyKey& key) {
  const auto bytes = bytes_of(key);
  return hash64({bytes.data(), bytes.size()});
}

TallyKeys keys_of(const Record& record) {
  TallyKeys keys;
  TallyKey& served = keys.keys[0];
  const Attempt last = record.attempts.empty() ? Attempt{} : record.attempts.back();
  served = served_key(record, last.target == record.target ? last.route : 0);
  served.version = record.served_version;
  served.target = record.target;
  keys.count = 1;
  if (record.experiment == 0 || record.mirrored) return keys;
  keys.keys[1] = variant_key(
      {record.route, record.assigned_version, record.experiment, record.epoch, record.variant});
  keys.count = 2;
  return keys;
}

TallyKey variant_key(const VariantOf& variant) {
  TallyKey key;
  key.kind = TallyKey::Kind::variant;
  key.route = variant.route;
  key.version = variant.version;
  key.experiment = variant.experiment;
  key.epoch = variant.epoch;
  key.variant = variant.variant;
  return key;
}

std::optional<TallyKey> failover_key(const Record& record, std::size_t number) {
  if (number + 1 >= record.attempts.size()) return std::nullopt;
  const Attempt& attempt = record.attempts[number];
  if (!attempt.failed || !counts_against_target(attempt.cause, attempt.status)) return std::nullopt;
  TallyKey key = served_key(record, attempt.route);
  key.version = attempt.version;
  key.target = attempt.target;
  return key;
}

void encode(const TallyKey& key, std::string& out) {
  const auto bytes = bytes_of(key);
  out.append(bytes.data(), bytes.size());
}

Result<TallyKey> decode_tally_key(std::string_view& in) {
  Reader reader(in);
  TallyKey key;
  const auto kind = reader.take<std::uint8_t>();
  key.route = reader.take<NameId>();
  key.version = reader.take<NameId>();
  key.target = reader.take<NameId>();
  const auto conversation = reader.take<std::uint8_t>();
  key.experiment = reader.take<NameId>();
  key.epoch = reader.take<std::uint32_t>();
  key.variant = reader.take<std::uint8_t>();
  if (!reader.ok) return corrupt("tally key: shorter than 23 bytes");
  if (kind < static_cast<std::uint8_t>(TallyKey::Kind::performance) ||
      kind > static_cast<std::uint8_t>(TallyKey::Kind::mirror)) {
    return corrupt("tally key: unknown kind");
  }
  if (conversation >= kConversationCount) return corrupt("tally key: unknown conversation type");
  key.kind = static_cast<TallyKey::Kind>(kind);
  key.conversation = static_cast<Conversation>(conversation);
  return key;
}

}  // namespace tallygate::router
