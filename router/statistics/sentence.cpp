#include "router/statistics/sentence.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tallygate::router {
namespace {

/// "b <verb> 12 % <better|worse> than a<about>".
struct Wording {
  std::string verb;
  std::string better;
  std::string worse;
  std::string about;
};

Wording wording_of(std::string_view metric) {
  if (metric == kErrorRate) return {"fails", "less often", "more often", ""};
  if (metric == kLatency) return {"answers", "faster", "slower", ""};
  if (metric == kFirstToken) return {"starts to answer", "sooner", "later", ""};
  if (metric == kCost) return {"costs", "less", "more", ""};
  if (metric == kTokens) return {"writes", "fewer tokens", "more tokens", ""};
  return {"scores", "higher", "lower", " in " + std::string(metric)};
}

std::string without_trailing_zeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

/// Two to three significant digits, never an exponent for what is not absurd.
std::string number_text(double value) {
  const double size = std::abs(value);
  if (size == 0) return "0";
  char text[64];
  if (size >= 1e9 || size < 1e-9) {
    std::snprintf(text, sizeof text, "%.2g", value);
    return text;
  }
  const int magnitude = static_cast<int>(std::floor(std::log10(size)));
  std::snprintf(text, sizeof text, "%.*f", std::max(0, 1 - magnitude), value);
  return without_trailing_zeros(text);
}

/// An amount without its sign.
std::string amount_text(double value, bool is_relative, std::string_view metric) {
  const double size = std::abs(value);
  if (is_relative) return percent_text(size);
  if (metric == kErrorRate) {
    const std::string points = number_text(size * 100);
    return points + (points == "1" ? " percentage point" : " percentage points");
  }
  if (metric == kLatency || metric == kFirstToken) return number_text(size) + " ms";
  if (metric == kCost) return "$" + number_text(size);
  return number_text(size);
}

/// "3 % slower".
std::string directed(double improvement, bool is_relative, const Comparison& comparison) {
  const Wording words = wording_of(comparison.metric);
  return amount_text(improvement, is_relative, comparison.metric) + " " +
         (improvement < 0 ? words.worse : words.better);
}

/// The improvement that was asked for, if it is one: "5 %".
std::string asked_for(const Comparison& comparison, const Threshold& threshold) {
  if (threshold.relative.value_or(0) > 0 && comparison.relative) {
    return percent_text(*threshold.relative);
  }
  if (threshold.absolute.value_or(0) > 0) {
    return amount_text(*threshold.absolute, false, comparison.metric);
  }
  return "";
}

std::string range_of(const Estimate& estimate, bool is_relative, const Comparison& comparison) {
  return "between " + directed(estimate.lower, is_relative, comparison) + " and " +
         directed(estimate.upper, is_relative, comparison);
}

/// "b answers 12 % faster than a (between 8 % and 16 %)", or worse.
std::string settled_difference(const Estimate& better, bool is_relative,
                               const Comparison& comparison) {
  const Wording words = wording_of(comparison.metric);
  const double near = better.value < 0 ? better.upper : better.lower;
  const double far = better.value < 0 ? better.lower : better.upper;
  const bool is_one_sided = near * far >= 0;
  const std::string range = is_one_sided
                                ? "between " + amount_text(near, is_relative, comparison.metric) +
                                      " and " + amount_text(far, is_relative, comparison.metric)
                                : range_of(better, is_relative, comparison);
  return comparison.arm + " " + words.verb + " " + directed(better.value, is_relative, comparison) +
         " than " + comparison.control + words.about + " (" + range + ")";
}

std::string open_question(const Estimate& better, bool is_relative, const Comparison& comparison,
                          const std::string& wanted) {
  const Wording words = wording_of(comparison.metric);
  std::string text = "It is open whether " + comparison.arm + " " + words.verb + " " +
                     (wanted.empty() ? "" : "at least " + wanted + " ") + words.better + " than " +
                     comparison.control + words.about + ": so far " +
                     directed(better.value, is_relative, comparison) + ", and anything " +
                     range_of(better, is_relative, comparison) + " fits the data. ";
  if (!comparison.samples_expected) {
    return text + "How many more requests it takes cannot be said yet.";
  }
  if (*comparison.samples_expected == 0) return text + "It should be settled soon.";
  return text + "About " + count_text(*comparison.samples_expected) +
         " more requests per arm should settle it.";
}

}  // namespace

std::string percent_text(double share) { return number_text(share * 100) + " %"; }

std::string count_text(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string sentence_of(const Comparison& comparison, const Threshold& threshold, double alpha) {
  const auto better = improvement_of(comparison);
  if (!better) {
    return "Too little is known to compare " + comparison.arm + " with " + comparison.control +
           " in " + comparison.metric + ": both need measurements of at least " +
           std::to_string(kMinGroups) + " groups of users that differ.";
  }
  const Wording words = wording_of(comparison.metric);
  const bool is_relative = comparison.relative.has_value();
  const std::string wanted = asked_for(comparison, threshold);
  const std::string settled = "; this is settled at " + percent_text(1 - alpha) + ".";
  switch (comparison.verdict) {
    case Verdict::win: {
      const std::string enough = better->lower < 0 ? ", no worse than is allowed"
                                 : wanted.empty()
                                     ? ""
                                     : ", at least the " + wanted + " that was asked for";
      return settled_difference(*better, is_relative, comparison) + enough + settled;
    }
    case Verdict::lose: return settled_difference(*better, is_relative, comparison) + settled;
    case Verdict::futile:
      return "The " + wanted + " that was asked for is out of reach: " + comparison.arm + " " +
             words.verb + " " + range_of(*better, is_relative, comparison) + " than " +
             comparison.control + words.about + settled;
    case Verdict::undecided: return open_question(*better, is_relative, comparison, wanted);
  }
  return "";
}

std::string sentence_of(const QuantileComparison& quantile, double alpha) {
  Comparison comparison;
  comparison.metric = quantile.metric;
  comparison.arm = quantile.arm;
  comparison.control = quantile.control;
  const std::string place = quantile.level == 0.5
                                ? "In the median "
                                : "At the " + number_text(quantile.level * 100) + "th percentile ";
  const Wording words = wording_of(quantile.metric);
  const bool is_relative = quantile.relative.has_value();
  const auto& measured = is_relative ? quantile.relative : quantile.absolute;
  const std::string settled = "; this is settled at " + percent_text(1 - alpha) + ".";
  if (quantile.verdict != Verdict::undecided) {
    if (measured) {
      return place +
             settled_difference(as_improvement(*measured, quantile.metric), is_relative,
                                comparison) +
             settled;
    }
    return place + quantile.arm + " " + words.verb + " " +
           (quantile.verdict == Verdict::win ? words.better : words.worse) + " than " +
           quantile.control + ", by how much cannot be said yet" + settled;
  }
  std::string text = place + "it is open whether " + quantile.arm + " " + words.verb + " " +
                     words.better + " than " + quantile.control;
  if (!measured) return text + ": there are too few requests to say by how much they differ.";
  const Estimate better = as_improvement(*measured, quantile.metric);
  return text + ": so far " + directed(better.value, is_relative, comparison) + ", and anything " +
         range_of(better, is_relative, comparison) + " fits the data.";
}

}  // namespace tallygate::router
