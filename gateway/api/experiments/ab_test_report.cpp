#include "gateway/api/experiments/ab_test_report.h"

#include <algorithm>
#include <optional>
#include <string>

#include "router/statistics/analysis.h"
#include "router/statistics/compare_quantiles.h"

namespace tallygate::api {
namespace {

using registry::AbTest;
using registry::AbTestCounts;
using router::Tally;

/// Standard error of a count beyond what is counted exactly: store/tally/unit_book.h.
constexpr double kEstimateError = 0.0065;
constexpr int kDigits = 6;

std::string ratio(double part, double whole) {
  return whole == 0 ? "null" : number_text(part / whole, kDigits);
}

double count(std::uint64_t number) { return static_cast<double>(number); }

void add_quantiles(JsonText& out, const router::Sketch& sketch) {
  const std::pair<const char*, double> quantiles[] = {{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}};
  for (const auto& [name, level] : quantiles) {
    out.add_raw(name, sketch.count() == 0 ? "null" : number_text(sketch.quantile(level)));
  }
}

void add_custom(JsonText& out, const AbTestCounts& counts, std::size_t arm) {
  out.open("custom", '{');
  for (const registry::CustomMetric& metric : counts.custom) {
    router::SubBucket total;
    for (const auto& sums : metric.sums) {
      if (sums.arm != arm) continue;
      for (const router::SubBucket& group : sums.evidence.groups) {
        total.count += group.count;
        total.sum += group.sum;
      }
    }
    out.open(metric.name, '{');
    out.add_raw("count", number_text(total.count, 0));
    out.add_raw("sum", number_text(total.sum, kDigits));
    out.add_raw("mean", ratio(total.sum, total.count));
    out.close('}');
  }
  out.close('}');
}

void add_variant(JsonText& out, const AbTest& test, const AbTestCounts& counts, std::size_t arm) {
  const Tally tally = registry::arm_tally(counts, static_cast<std::uint8_t>(arm));
  const double requests = count(tally.requests());
  out.open("variant_" + test.arms[arm].name, '{');
  out.add("version", test.arms[arm].version);
  out.add("started", std::max(tally.started, tally.requests()));
  out.add("requests", tally.requests());
  out.add("errors", tally.failures());
  out.add_raw("error_rate", ratio(count(tally.failures()), requests));
  out.add_raw("avg_latency", ratio(count(tally.latency_us_sum) / 1e3, count(tally.successes())));
  add_quantiles(out, tally.latency);
  out.open("ttft", '{');
  out.add_raw("avg", ratio(tally.first_token.sum_millis(), count(tally.first_token.count())));
  add_quantiles(out, tally.first_token);
  out.close('}');
  out.open("tokens", '{');
  out.add("input", tally.input_tokens);
  out.add("output", tally.output_tokens);
  out.add("cached", tally.cached_tokens);
  out.add_raw("avg_input", ratio(count(tally.input_tokens), requests));
  out.add_raw("avg_output", ratio(count(tally.output_tokens), requests));
  out.close('}');
  out.add_raw("cost", decimal_text(tally.cost_nano_usd, 9));
  add_custom(out, counts, arm);
  out.close('}');
}

void add_assignments(JsonText& out, const AbTest& test, const AbTestCounts& counts) {
  std::uint64_t total = 0;
  out.open("assignments", '{');
  for (std::size_t arm = 0; arm < test.arms.size(); ++arm) {
    const std::uint64_t units = counts.units.units_of(static_cast<std::uint8_t>(arm));
    out.add("variant_" + test.arms[arm].name, units);
    total += units;
  }
  out.add("total", total);
  out.add("exact", counts.units.exact);
  out.add_raw("standard_error", counts.units.exact ? "0" : number_text(kEstimateError, kDigits));
  out.close('}');
}

void add_estimate(JsonText& out, std::string_view key,
                  const std::optional<router::Estimate>& estimate) {
  if (!estimate) return out.add_raw(key, "null");
  out.open(key, '{');
  out.add_raw("estimate", number_text(estimate->value, kDigits));
  out.add_raw("lower", number_text(estimate->lower, kDigits));
  out.add_raw("upper", number_text(estimate->upper, kDigits));
  out.close('}');
}

void add_comparison(JsonText& out, const router::Comparison& comparison) {
  out.open('{');
  out.add("metric", comparison.metric);
  out.add("variant", comparison.arm);
  out.add("control", comparison.control);
  out.add_raw("control_mean", number_text(comparison.control_mean, kDigits));
  out.add_raw("mean", number_text(comparison.mean, kDigits));
  add_estimate(out, "absolute", comparison.absolute);
  add_estimate(out, "relative", comparison.relative);
  out.add("verdict", router::to_string(comparison.verdict));
  if (comparison.samples_expected) {
    out.add("samples_expected", *comparison.samples_expected);
  } else {
    out.add_raw("samples_expected", "null");
  }
  out.add_raw("design_effect",
              comparison.design_effect ? number_text(*comparison.design_effect) : "null");
  out.add("sentence", comparison.sentence);
  out.close('}');
}

void add_quantile(JsonText& out, const router::QuantileComparison& comparison) {
  out.open('{');
  out.add("metric", comparison.metric);
  out.add_raw("quantile", number_text(comparison.level, 2));
  out.add("variant", comparison.arm);
  out.add("control", comparison.control);
  out.add_raw("control_value", number_text(comparison.control_value));
  out.add_raw("value", number_text(comparison.value));
  add_estimate(out, "absolute", comparison.absolute);
  add_estimate(out, "relative", comparison.relative);
  out.add_raw("p", number_text(comparison.p, 9));
  out.add("verdict", router::to_string(comparison.verdict));
  out.add("sentence", comparison.sentence);
  out.close('}');
}

std::string_view word_of(router::Guardrail guardrail) {
  switch (guardrail) {
    case router::Guardrail::pass: return "pass";
    case router::Guardrail::fail: return "fail";
    case router::Guardrail::inconclusive: return "inconclusive";
    case router::Guardrail::hold: return "hold";
  }
  return "";
}

void add_analysis(JsonText& out, const AbTest& test, const router::Evidence& evidence) {
  const router::Analysis analysis = router::analyse(test.criteria, evidence);
  out.open("analysis", '{');
  out.open("metrics", '[');
  for (const router::Comparison& comparison : analysis.comparisons) {
    add_comparison(out, comparison);
  }
  out.close(']');
  out.open("quantiles", '[');
  for (const router::QuantileComparison& comparison : router::compare_quantiles(evidence)) {
    add_quantile(out, comparison);
  }
  out.close(']');
  out.open("guardrails", '[');
  for (const router::ArmGuardrail& guardrail : analysis.guardrails) {
    out.open('{');
    out.add("variant", guardrail.arm);
    out.add("verdict", word_of(guardrail.verdict));
    out.add("reason", guardrail.reason);
    out.close('}');
  }
  out.close(']');
  out.add_raw("sample_ratio_p", number_text(analysis.srm_p, 9));
  const router::Recommendation& advice = analysis.recommendation;
  out.open("recommendation", '{');
  out.add("verdict", router::to_string(advice.kind));
  out.add_name("variant", advice.arm ? test.arms.at(*advice.arm).name : std::string());
  out.add("sentence", advice.sentence);
  out.close('}');
  out.close('}');
}

}  // namespace

void add_report(JsonText& out, const AbTest& test, const AbTestCounts& counts, WallTime now) {
  out.open("metrics", '{');
  for (std::size_t arm = 0; arm < test.arms.size(); ++arm) add_variant(out, test, counts, arm);
  out.close('}');
  add_assignments(out, test, counts);
  add_analysis(out, test, registry::evidence_of(test, counts, now));
}

}  // namespace tallygate::api
