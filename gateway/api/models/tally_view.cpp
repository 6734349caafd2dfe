#include "gateway/api/models/tally_view.h"

namespace tallygate::api {

using router::Tally;

std::string ratio_text(std::uint64_t part, std::uint64_t whole, int digits) {
  if (whole == 0) return "null";
  return number_text(static_cast<double>(part) / static_cast<double>(whole), digits);
}

void add_sketch(JsonText& json, std::string_view key, const router::Sketch& sketch) {
  if (sketch.count() == 0) return json.add_raw(key, "null");
  json.open(key, '{');
  json.add_raw("avg", number_text(sketch.sum_millis() / static_cast<double>(sketch.count())));
  json.add_raw("p50", number_text(sketch.quantile(0.50)));
  json.add_raw("p95", number_text(sketch.quantile(0.95)));
  json.add_raw("p99", number_text(sketch.quantile(0.99)));
  json.close('}');
}

void add_tally(JsonText& json, const Tally& tally, Counting counting) {
  const std::uint64_t failures =
      tally.failures() + (counting == Counting::attempts ? tally.failovers : 0);
  json.add("usage", tally.requests());
  json.add("successes", tally.successes());
  json.add("failures", tally.failures());
  json.add("failovers", tally.failovers);
  // Of those that the gate and its upstreams answer for: what clients did wrong is left out.
  json.add_raw("success_rate", ratio_text(tally.successes(), tally.successes() + failures, 6));
  json.open("outcomes", '{');
  for (std::size_t i = 0; i < tally.outcomes.size(); ++i) {
    json.add(to_string(static_cast<router::Outcome>(i)), tally.outcomes[i]);
  }
  json.close('}');
  json.add("attempts", tally.attempts);
  json.add("streamed", tally.streamed);
  add_sketch(json, "latency_ms", tally.latency);
  add_sketch(json, "ttft_ms", tally.first_token);
  json.open("tokens", '{');
  json.add("input", tally.input_tokens);
  json.add("output", tally.output_tokens);
  json.add("cached", tally.cached_tokens);
  json.add_raw("avg_input", ratio_text(tally.input_tokens, tally.requests(), 3));
  json.add_raw("avg_output", ratio_text(tally.output_tokens, tally.requests(), 3));
  json.close('}');
  json.add_raw("cost_usd", decimal_text(tally.cost_nano_usd, 9));
}

}  // namespace tallygate::api
