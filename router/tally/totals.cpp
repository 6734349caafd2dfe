#include "router/tally/totals.h"

#include <array>

#include "router/tally/little_endian.h"

namespace tallygate::router {
namespace {

/// Version 1 had no failovers.
constexpr std::uint8_t kTotalsVersion = 2;

template <class AnyTotals>
auto counters_of(AnyTotals& totals) {
  return std::array{&totals.requests,           &totals.successes,      &totals.failures,
                    &totals.streamed,           &totals.latency_us_sum, &totals.first_tokens,
                    &totals.first_token_us_sum, &totals.input_tokens,   &totals.output_tokens};
}

}  // namespace

void Totals::fold(const Record& record) {
  const bool is_success = record.outcome == Outcome::ok;
  ++requests;
  successes += is_success ? 1 : 0;
  failures += is_failure(record.outcome) ? 1 : 0;
  streamed += record.streamed ? 1 : 0;
  latency_us_sum += is_success ? record.latency_us : 0;
  first_tokens += record.first_token_us > 0 ? 1 : 0;
  first_token_us_sum += record.first_token_us;
  input_tokens += record.input_tokens;
  output_tokens += record.output_tokens;
  cost_nano_usd = wrapping_sum(cost_nano_usd, record.cost_nano_usd);
}

void Totals::merge(const Totals& other) {
  requests += other.requests;
  successes += other.successes;
  failures += other.failures;
  failovers += other.failovers;
  streamed += other.streamed;
  latency_us_sum += other.latency_us_sum;
  first_tokens += other.first_tokens;
  first_token_us_sum += other.first_token_us_sum;
  input_tokens += other.input_tokens;
  output_tokens += other.output_tokens;
  cost_nano_usd = wrapping_sum(cost_nano_usd, other.cost_nano_usd);
}

void Totals::encode(std::string& out) const {
  put(out, kTotalsVersion);
  for (const std::uint64_t* n : counters_of(*this)) put(out, *n);
  put(out, cost_nano_usd);
  put(out, failovers);
}

Result<Totals> Totals::decode(std::string_view& in) {
  Reader reader(in);
  const auto version = reader.take<std::uint8_t>();
  Totals totals;
  for (std::uint64_t* n : counters_of(totals)) *n = reader.take<std::uint64_t>();
  totals.cost_nano_usd = reader.take<std::int64_t>();
  if (version >= 2) totals.failovers = reader.take<std::uint64_t>();
  if (!reader.ok) return make_error(Errc::storage_corrupt, "totals: end early");
  if (version == 0 || version > kTotalsVersion) {
    return make_error(Errc::storage_corrupt, "totals: written by an unknown version");
  }
  return totals;
}

}  // namespace tallygate::router
