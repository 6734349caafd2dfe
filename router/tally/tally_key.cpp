#include "router/tally/tally_key.h"

#include <cstring>

#include "base/assert.h"
#include "base/hash.h"
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

}  // namespace

std::uint64_t hash_of(const TallyKey& key) {
  const auto bytes = bytes_of(key);
  return hash64({bytes.data(), bytes.size()});
}

TallyKeys keys_of(const Record& record) {
  TallyKeys keys;
  TallyKey& served = keys.keys[0];
  served.kind = record.mirrored ? TallyKey::Kind::mirror : TallyKey::Kind::performance;
  served.route = record.route;
  served.version = record.served_version;
  served.target = record.target;
  served.conversation = record.conversation;
  keys.count = 1;
  if (record.experiment == 0 || record.mirrored) return keys;
  TallyKey& variant = keys.keys[1];
  variant.kind = TallyKey::Kind::variant;
  variant.route = record.route;
  variant.version = record.assigned_version;
  variant.experiment = record.experiment;
  variant.epoch = record.epoch;
  variant.variant = record.variant;
  keys.count = 2;
  return keys;
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
