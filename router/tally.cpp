#include "router/tally.h"

#include <bit>
#include <cstring>

#include "base/assert.h"
#include "base/hash.h"
#include "router/little_endian.h"

namespace tallygate::router {
namespace {

constexpr std::uint8_t kTallyVersion = 1;

Error corrupt(const char* what) { return make_error(Errc::storage_corrupt, what); }

/// Two's complement on purpose: bytes from a disk may sum to anything.
std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
  return std::bit_cast<std::int64_t>(std::bit_cast<std::uint64_t>(a) +
                                     std::bit_cast<std::uint64_t>(b));
}

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

std::uint64_t Tally::requests() const {
  std::uint64_t total = 0;
  for (const std::uint64_t n : outcomes) total += n;
  return total;
}

std::uint64_t Tally::failures() const {
  std::uint64_t total = 0;
  for (const Outcome outcome : {Outcome::upstream_error, Outcome::upstream_truncated,
                                Outcome::upstream_stream_error, Outcome::gateway_error}) {
    total += outcomes[static_cast<std::size_t>(outcome)];
  }
  return total;
}

void Tally::fold(const Record& record) {
  ++outcomes[static_cast<std::size_t>(record.outcome)];
  attempts += record.attempt_count;
  streamed += record.streamed ? 1 : 0;
  input_tokens += record.input_tokens;
  output_tokens += record.output_tokens;
  cached_tokens += record.cached_tokens;
  cost_nano_usd = wrapping_sum(cost_nano_usd, record.cost_nano_usd);
  if (record.first_token_us > 0) first_token.insert_micros(record.first_token_us);
  if (record.outcome != Outcome::ok) return;
  latency_us_sum += record.latency_us;
  latency_us_square_sum += Uint128{record.latency_us} * record.latency_us;
  latency.insert_micros(record.latency_us);
}

void Tally::merge(const Tally& other) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i] += other.outcomes[i];
  attempts += other.attempts;
  streamed += other.streamed;
  input_tokens += other.input_tokens;
  output_tokens += other.output_tokens;
  cached_tokens += other.cached_tokens;
  cost_nano_usd = wrapping_sum(cost_nano_usd, other.cost_nano_usd);
  latency_us_sum += other.latency_us_sum;
  latency_us_square_sum += other.latency_us_square_sum;
  latency.merge(other.latency);
  first_token.merge(other.first_token);
}

void Tally::encode(std::string& out) const {
  put(out, kTallyVersion);
  for (const std::uint64_t n : outcomes) put(out, n);
  for (const std::uint64_t n :
       {attempts, streamed, input_tokens, output_tokens, cached_tokens, latency_us_sum}) {
    put(out, n);
  }
  put(out, cost_nano_usd);
  put(out, latency_us_square_sum);
  latency.encode(out);
  first_token.encode(out);
}

Result<Tally> Tally::decode(std::string_view& in) {
  Reader reader(in);
  const auto version = reader.take<std::uint8_t>();
  if (!reader.ok) return corrupt("tally: no bytes");
  if (version != kTallyVersion) return corrupt("tally: written by an unknown version");
  Tally tally;
  for (std::uint64_t& n : tally.outcomes) n = reader.take<std::uint64_t>();
  for (auto* n : {&tally.attempts, &tally.streamed, &tally.input_tokens, &tally.output_tokens,
                  &tally.cached_tokens, &tally.latency_us_sum}) {
    *n = reader.take<std::uint64_t>();
  }
  tally.cost_nano_usd = reader.take<std::int64_t>();
  tally.latency_us_square_sum = reader.take<Uint128>();
  if (!reader.ok) return corrupt("tally: ends inside its counters");
  auto latency = Sketch::decode(in);
  if (!latency) return latency.error();
  auto first_token = Sketch::decode(in);
  if (!first_token) return first_token.error();
  tally.latency = *std::move(latency);
  tally.first_token = *std::move(first_token);
  return tally;
}

TallyKeys keys_of(const Record& record) {
  TallyKeys keys;
  TallyKey& performance = keys.keys[0];
  performance.kind = TallyKey::Kind::performance;
  performance.route = record.route;
  performance.version = record.served_version;
  performance.target = record.target;
  performance.conversation = record.conversation;
  keys.count = 1;
  if (record.experiment == 0) return keys;
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
  if (kind != static_cast<std::uint8_t>(TallyKey::Kind::performance) &&
      kind != static_cast<std::uint8_t>(TallyKey::Kind::variant)) {
    return corrupt("tally key: unknown kind");
  }
  if (conversation >= kConversationCount) return corrupt("tally key: unknown conversation type");
  key.kind = static_cast<TallyKey::Kind>(kind);
  key.conversation = static_cast<Conversation>(conversation);
  return key;
}

}  // namespace tallygate::router
