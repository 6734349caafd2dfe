#include <boost/json.hpp>

#include "config/rules.h"
#include "config/tables.h"

namespace tallygate::config {
namespace {

using namespace std::chrono_literals;
using yaml::boolean;
using yaml::Codec;
using yaml::number;
using yaml::Record;
using yaml::text;

constexpr std::size_t kMaxVersionTargets = 64;
constexpr std::size_t kMaxFallbacks = 32;

yaml::TextRule variant_rule() {
  return {"a variant name: a lower-case letter, then letters, digits, - or _, at most 32",
          "^[a-z][a-z0-9_-]{0,31}$", is_variant_name, 32};
}

yaml::TextRule model_rule() { return {"a route, or route@version", "^\\S{1,513}$", nullptr, 513}; }

yaml::TextRule metric_rule() {
  const auto accepts = [](std::string_view word) {
    return is_name(word) && word.find('$') == word.npos;
  };
  return {"the name of a metric, without white space, @ and $", "^[^\\s@$]{1,256}$", accepts, 256};
}

Codec<std::string> conversation_type_codec() {
  std::vector<std::pair<std::string, std::string>> words;
  for (const char* word : {"text-to-text", "text-to-image", "text-to-audio", "text-to-video",
                           "audio-to-text", "embedding", "rerank"}) {
    words.emplace_back(word, word);
  }
  return yaml::choice<std::string>(words);
}

Codec<Version> version_codec() {
  Record<Version> record;
  record
      .field("targets", &Version::targets, list_of(text(name_rule()), 1, kMaxVersionTargets),
             "Names under `targets`, in order of preference.")
      .required();
  record.field("default", &Version::is_default, boolean(),
               "Serves requests that name only the route and are in no experiment.");
  record.field("active", &Version::active, boolean(), "An inactive version takes no traffic.");
  return record.codec();
}

/// experiments.md 5.1; every key may be absent.
struct Criteria {
  std::optional<std::uint64_t> min_requests;
  std::optional<double> max_error_rate;
  std::optional<double> max_latency_ms;
  std::optional<double> latency_quantile;
  std::optional<std::string> metric;
  std::optional<double> min_improvement;
  std::optional<double> min_improvement_absolute;
  std::optional<Duration> min_duration;
  std::optional<Duration> max_duration;
  std::optional<bool> auto_complete;
  std::optional<std::vector<double>> rollout;
};

Codec<Criteria> typed_criteria_codec() {
  using yaml::optional;
  Record<Criteria> record;
  record.field("min_requests", &Criteria::min_requests, optional(yaml::whole64(1, 1'000'000'000)),
               "Requests started in every arm before it can pass or win.");
  record.field("max_error_rate", &Criteria::max_error_rate, optional(number(0.0001, 0.9999)),
               "Guardrail: share of failed requests.");
  record.field("max_latency_ms", &Criteria::max_latency_ms, optional(number(0.001, 86'400'000)),
               "Guardrail: latency at latency_quantile, in milliseconds.");
  record.field("latency_quantile", &Criteria::latency_quantile, optional(number(0.5, 0.9999)),
               "Quantile of max_latency_ms; 0.95 if absent.");
  record.field("metric", &Criteria::metric, optional(text(metric_rule())),
               "What the arms are compared by.");
  record.field("min_improvement", &Criteria::min_improvement, optional(number(-1, 1000)),
               "Relative gain on the metric that a winner must reach; 0.05 = 5 % better.");
  record.field("min_improvement_absolute", &Criteria::min_improvement_absolute,
               optional(number(-1e12, 1e12)), "The same in the metric's own unit.");
  record.field("min_duration", &Criteria::min_duration, optional(yaml::duration(0s, 365 * 24h)),
               "No arm passes or wins before.");
  record.field("max_duration", &Criteria::max_duration, optional(yaml::duration(0s, 365 * 24h)),
               "Ends without a winner after.");
  record.field("auto_complete", &Criteria::auto_complete, optional(boolean()),
               "A win completes the experiment by itself.");
  record.field("rollout", &Criteria::rollout, optional(list_of(number(0.01, 100), 1, 20)),
               "Stages of coverage in percent, such as [1, 5, 25, 50, 100].");
  return record.codec();
}

Codec<Mirror> mirror_codec() {
  Record<Mirror> record;
  record
      .field("version", &Mirror::version, text(semver_rule()),
             "Version of this route that receives copies; its answers are dropped.")
      .required();
  record.field("share", &Mirror::share, number(0, 1), "Share of the requests that are copied.")
      .required();
  return record.codec();
}

Codec<Experiment> experiment_codec() {
  using Status = ExperimentStatus;
  Record<Experiment> record;
  const yaml::TextRule name{"a name of 1 to 256 bytes", "",
                            [](std::string_view value) { return !value.empty(); }, 256};
  record.field("name", &Experiment::name, text(name), "Unique among all routes.").required();
  record
      .field("variants", &Experiment::variants, map_of(variant_rule(), text(semver_rule())),
             "Variant name to version; `a` is the control.")
      .required();
  record
      .field("split", &Experiment::split, map_of(variant_rule(), number(0, 100)),
             "Variant name to percent of the units; sums to 100.")
      .required();
  record.field("status", &Experiment::status,
               yaml::choice<Status>({{"draft", Status::draft},
                                     {"active", Status::active},
                                     {"paused", Status::paused},
                                     {"completed", Status::completed},
                                     {"cancelled", Status::cancelled}}),
               "Only an active experiment assigns; a paused one sends everyone to `a`.");
  record.field("mirror", &Experiment::mirror, yaml::optional(mirror_codec()),
               "Copies a share of the requests to one more version.");
  record.field("criteria", &Experiment::criteria_json, criteria_codec(),
               "What a variant must reach, and what stops it.");
  return record.codec();
}

Codec<Criterion> criterion_codec() {
  return yaml::choice<Criterion>({{"cost", Criterion::cost},
                                  {"accuracy", Criterion::accuracy},
                                  {"creativity", Criterion::creativity},
                                  {"speed", Criterion::speed},
                                  {"continuity", Criterion::continuity}});
}

yaml::TextRule criterion_rule() {
  const auto accepts = [](std::string_view word) {
    return word == "cost" || word == "accuracy" || word == "creativity" || word == "speed" ||
           word == "continuity";
  };
  return {"one of cost, accuracy, creativity, speed, continuity",
          "^(cost|accuracy|creativity|speed|continuity)$", accepts};
}

}  // namespace

/// An absent `criteria` prints as nothing; a given one as the object that it holds.
Codec<std::string> criteria_codec() {
  const Codec<Criteria> typed = typed_criteria_codec();
  Codec<std::string> codec;
  codec.schema = typed.schema;
  codec.print = [](const std::string& criteria) -> boost::json::value {
    boost::system::error_code error;
    auto value = boost::json::parse(criteria, error);
    return error ? nullptr : value;
  };
  codec.decode = [typed](yaml::Decoder& decoder, const yaml::Node& node, std::string& out) {
    Criteria& criteria = decoder.scratch<Criteria>();
    decoder.read(typed, node, criteria);
    if (criteria.min_duration && criteria.max_duration &&
        *criteria.min_duration > *criteria.max_duration) {
      decoder.problem(node, "min_duration is longer than max_duration");
    }
    out = boost::json::serialize(typed.print(criteria));
  };
  return codec;
}

Codec<Route> route_codec() {
  Record<Route> record;
  record.field("conversation_types", &Route::conversation_types,
               list_of(conversation_type_codec(), 0, 7), "What it can be asked for; empty = any.");
  record
      .field("versions", &Route::versions, map_of(semver_rule(), version_codec()),
             "Semantic version to what serves it; at least one, at most one default.")
      .required();
  record.field("fallbacks", &Route::fallbacks, list_of(text(model_rule()), 0, kMaxFallbacks),
               "Tried after the version's own targets: versions (route@version) or routes.");
  record.field("experiment", &Route::experiment, yaml::optional(experiment_codec()),
               "Splits the route's traffic between versions.");
  record.field("timeouts", &Route::timeouts, yaml::optional(timeouts_codec()),
               "Replaces single general timeouts for this route.");
  return record.codec();
}

Codec<AutoPool> auto_pool_codec() {
  Record<AutoPool> record;
  record.field("criterion", &AutoPool::criterion, criterion_codec(), "What the choice is made by.");
  record
      .field("candidates", &AutoPool::candidates, list_of(text(model_rule()), 1),
             "Routes, or versions as route@version.")
      .required();
  record.field("priors", &AutoPool::priors,
               map_of(model_rule(), map_of(criterion_rule(), number(0, 1))),
               "Candidate to criterion to a score from 0 to 1, until enough is measured.");
  return record.codec();
}

}  // namespace tallygate::config
