#include "router/tally/tally.h"

#include <bit>
#include <cstring>

#include "base/hash.h"
#include "router/tally/little_endian.h"

namespace tallygate::router {
namespace {

/// Version 1 had nothing of variants: no limit and no users. Version 2 had no squares but those of
/// the latency, nothing of what was started, and no failovers.
constexpr std::uint8_t kTallyVersion = 3;
constexpr std::uint64_t kUserSeed = 0xC2B2AE3D27D4EB4F;

Error corrupt(const char* what) { return make_error(Errc::storage_corrupt, what); }

template <class AnyBucket>
auto counters_of(AnyBucket& bucket) {
  return std::array{&bucket.requests,           &bucket.successes,      &bucket.errors,
                    &bucket.exceeded,           &bucket.latency_us_sum, &bucket.first_tokens,
                    &bucket.first_token_us_sum, &bucket.output_tokens};
}

Uint128 square(std::uint64_t value) { return Uint128{value} * value; }

std::uint64_t magnitude(std::int64_t value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return value < 0 ? ~bits + 1 : bits;
}

void merge_users(std::vector<UserBucket>& into, const std::vector<UserBucket>& from) {
  if (from.empty()) return;
  if (into.empty()) into.resize(kUserBuckets);
  for (std::size_t i = 0; i < kUserBuckets; ++i) {
    const auto to = counters_of(into[i]);
    const auto more = counters_of(from[i]);
    for (std::size_t n = 0; n < to.size(); ++n) *to[n] += *more[n];
    into[i].cost_nano_usd = wrapping_sum(into[i].cost_nano_usd, from[i].cost_nano_usd);
  }
}

/// A bit for each bucket that has requests, then these in order.
void encode_users(const std::vector<UserBucket>& users, std::string& out) {
  std::uint64_t used = 0;
  for (std::size_t i = 0; i < users.size(); ++i) {
    if (users[i].requests > 0) used |= std::uint64_t{1} << i;
  }
  put(out, used);
  for (const UserBucket& bucket : users) {
    if (bucket.requests == 0) continue;
    for (const std::uint64_t* n : counters_of(bucket)) put(out, *n);
    put(out, bucket.cost_nano_usd);
  }
}

Result<std::vector<UserBucket>> decode_users(std::string_view& in) {
  Reader reader(in);
  std::vector<UserBucket> users;
  const auto used = reader.take<std::uint64_t>();
  if (used != 0) users.resize(kUserBuckets);
  for (std::uint64_t rest = used; rest != 0 && reader.ok; rest &= rest - 1) {
    UserBucket& bucket = users[static_cast<std::size_t>(std::countr_zero(rest))];
    for (std::uint64_t* n : counters_of(bucket)) *n = reader.take<std::uint64_t>();
    bucket.cost_nano_usd = reader.take<std::int64_t>();
    if (reader.ok && bucket.requests == 0) return corrupt("tally: a user bucket is empty");
  }
  if (!reader.ok) return corrupt("tally: ends inside its user buckets");
  return users;
}

}  // namespace

std::size_t user_bucket_of(std::uint64_t unit_hash, NameId experiment) {
  char bytes[sizeof unit_hash + sizeof experiment];
  std::memcpy(bytes, &unit_hash, sizeof unit_hash);
  std::memcpy(bytes + sizeof unit_hash, &experiment, sizeof experiment);
  return hash64({bytes, sizeof bytes}, kUserSeed) % kUserBuckets;
}

std::uint64_t Tally::requests() const {
  std::uint64_t total = 0;
  for (const std::uint64_t n : outcomes) total += n;
  return total;
}

std::uint64_t Tally::failures() const {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (is_failure(static_cast<Outcome>(i))) total += outcomes[i];
  }
  return total;
}

Totals Tally::totals() const {
  Totals totals;
  totals.requests = requests();
  totals.successes = successes();
  totals.failures = failures();
  totals.failovers = failovers;
  totals.streamed = streamed;
  totals.latency_us_sum = latency_us_sum;
  totals.first_tokens = first_token.count();
  totals.first_token_us_sum = first_token.sum_micros();
  totals.input_tokens = input_tokens;
  totals.output_tokens = output_tokens;
  totals.cost_nano_usd = cost_nano_usd;
  return totals;
}

void Tally::fold(const Record& record, TallyKey::Kind kind) {
  ++outcomes[static_cast<std::size_t>(record.outcome)];
  attempts += record.attempt_count;
  streamed += record.streamed ? 1 : 0;
  input_tokens += record.input_tokens;
  output_tokens += record.output_tokens;
  cached_tokens += record.cached_tokens;
  cost_nano_usd = wrapping_sum(cost_nano_usd, record.cost_nano_usd);
  if (record.first_token_us > 0) first_token.insert_micros(record.first_token_us);
  if (kind == TallyKey::Kind::variant) fold_enrolled(record);
  if (record.outcome != Outcome::ok) return;
  latency_us_sum += record.latency_us;
  latency_us_square_sum += square(record.latency_us);
  latency.insert_micros(record.latency_us);
}

void Tally::fold_enrolled(const Record& record) {
  exceeded += record.exceeded ? 1 : 0;
  early_aborts += record.outcome == Outcome::client_abort && !record.exceeded ? 1 : 0;
  if (record.unit_hash == 0) return;
  if (users.empty()) users.resize(kUserBuckets);
  UserBucket& bucket = users[user_bucket_of(record.unit_hash, record.experiment)];
  const bool is_success = record.outcome == Outcome::ok;
  ++bucket.requests;
  bucket.successes += is_success ? 1 : 0;
  bucket.errors += is_failure(record.outcome) ? 1 : 0;
  bucket.exceeded += record.exceeded ? 1 : 0;
  bucket.latency_us_sum += is_success ? record.latency_us : 0;
  bucket.first_tokens += record.first_token_us > 0 ? 1 : 0;
  bucket.first_token_us_sum += record.first_token_us;
  bucket.output_tokens += record.output_tokens;
  bucket.cost_nano_usd = wrapping_sum(bucket.cost_nano_usd, record.cost_nano_usd);
  ++squared;
  first_token_us_square_sum += square(record.first_token_us);
  output_tokens_square_sum += square(record.output_tokens);
  cost_nano_usd_square_sum += square(magnitude(record.cost_nano_usd));
}

void Tally::merge(const Tally& other) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i] += other.outcomes[i];
  attempts += other.attempts;
  failovers += other.failovers;
  streamed += other.streamed;
  input_tokens += other.input_tokens;
  output_tokens += other.output_tokens;
  cached_tokens += other.cached_tokens;
  cost_nano_usd = wrapping_sum(cost_nano_usd, other.cost_nano_usd);
  latency_us_sum += other.latency_us_sum;
  latency_us_square_sum += other.latency_us_square_sum;
  latency.merge(other.latency);
  first_token.merge(other.first_token);
  exceeded += other.exceeded;
  early_aborts += other.early_aborts;
  merge_users(users, other.users);
  squared += other.squared;
  first_token_us_square_sum += other.first_token_us_square_sum;
  output_tokens_square_sum += other.output_tokens_square_sum;
  cost_nano_usd_square_sum += other.cost_nano_usd_square_sum;
  started += other.started;
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
  put(out, exceeded);
  put(out, early_aborts);
  encode_users(users, out);
  for (const std::uint64_t n : {failovers, squared, started}) put(out, n);
  put(out, first_token_us_square_sum);
  put(out, output_tokens_square_sum);
  put(out, cost_nano_usd_square_sum);
}

Result<void> Tally::decode_third(std::string_view& in) {
  Reader reader(in);
  for (auto* n : {&failovers, &squared, &started}) *n = reader.take<std::uint64_t>();
  first_token_us_square_sum = reader.take<Uint128>();
  output_tokens_square_sum = reader.take<Uint128>();
  cost_nano_usd_square_sum = reader.take<Uint128>();
  if (!reader.ok) return corrupt("tally: ends inside its squares");
  return {};
}

Result<Tally> Tally::decode(std::string_view& in) {
  Reader reader(in);
  const auto version = reader.take<std::uint8_t>();
  if (!reader.ok) return corrupt("tally: no bytes");
  if (version == 0 || version > kTallyVersion) {
    return corrupt("tally: written by an unknown version");
  }
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
  if (version == 1) return tally;
  tally.exceeded = reader.take<std::uint64_t>();
  tally.early_aborts = reader.take<std::uint64_t>();
  if (!reader.ok) return corrupt("tally: ends inside its counters");
  auto users = decode_users(in);
  if (!users) return users.error();
  tally.users = *std::move(users);
  if (version == 2) return tally;
  if (auto read = tally.decode_third(in); read.has_error()) return read.error();
  return tally;
}

}  // namespace tallygate::router
