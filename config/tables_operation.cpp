#include <boost/json.hpp>

#include "base/limits.h"
#include "config/rules.h"
#include "config/tables.h"

namespace tallygate::config {
namespace {

using namespace std::chrono_literals;
using yaml::boolean;
using yaml::Codec;
using yaml::duration;
using yaml::number;
using yaml::Record;
using yaml::text;
using yaml::whole;

struct RetryCause {
  const char* name;
  bool RetryOn::*member;
};

constexpr RetryCause kRetryCauses[] = {
    {"connect", &RetryOn::connect},       {"reset", &RetryOn::reset},
    {"status_5xx", &RetryOn::status_5xx}, {"status_429", &RetryOn::status_429},
    {"timeout", &RetryOn::timeout},       {"stream_error", &RetryOn::stream_error}};

/// A list of words in the file, one flag each in the struct.
Codec<RetryOn> retry_on_codec() {
  std::vector<std::pair<std::string, bool RetryOn::*>> words;
  for (const RetryCause& cause : kRetryCauses) words.emplace_back(cause.name, cause.member);
  const auto list = list_of(yaml::choice<bool RetryOn::*>(words), 0, words.size());
  Codec<RetryOn> codec;
  codec.schema = list.schema;
  codec.print = [](const RetryOn& on) -> boost::json::value {
    boost::json::array names;
    for (const RetryCause& cause : kRetryCauses) {
      if (on.*cause.member) names.emplace_back(cause.name);
    }
    return names;
  };
  codec.decode = [list](yaml::Decoder& decoder, const yaml::Node& node, RetryOn& out) {
    auto& members = decoder.scratch<std::vector<bool RetryOn::*>>();
    decoder.read(list, node, members);
    for (const RetryCause& cause : kRetryCauses) out.*cause.member = false;
    for (const auto member : members) {
      if (member != nullptr) out.*member = true;
    }
  };
  return codec;
}

/// none, problematic, all, or the map {sampled: SHARE}, which sets two members.
Codec<Capture> bodies_codec() {
  const auto words = yaml::choice<CaptureBodies>({{"none", CaptureBodies::none},
                                                  {"problematic", CaptureBodies::problematic},
                                                  {"all", CaptureBodies::all}});
  Record<Capture> sampled;
  sampled.field("sampled", &Capture::sample, number(0, 1), "Share of the requests, 0 to 1.")
      .required();
  const Codec<Capture> share = sampled.codec();
  Codec<Capture> codec;
  codec.schema = yaml::any_of(words.schema, share.schema);
  codec.print = [words, share](const Capture& capture) {
    return capture.bodies == CaptureBodies::sampled ? share.print(capture)
                                                    : words.print(capture.bodies);
  };
  codec.decode = [words, share](yaml::Decoder& decoder, const yaml::Node& node, Capture& out) {
    if (node.kind == yaml::Node::Kind::map) {
      out.bodies = CaptureBodies::sampled;
      decoder.read(share, node, out);
    } else if (node.text.starts_with("sampled")) {
      decoder.problem(node, "write the share as a map: bodies: {sampled: 0.01}");
    } else {
      decoder.read(words, node, out.bodies);
    }
  };
  return codec;
}

Codec<Otlp> otlp_codec() {
  Record<Otlp> record;
  record.field("endpoint", &Otlp::endpoint, text({"an http or https URL, or empty"}),
               "URL of an OTLP/HTTP collector; empty = off.");
  record.field("interval", &Otlp::interval, duration(1s, 1h), "Between two pushes.");
  record.field("traces", &Otlp::traces, boolean(), "Send spans, too.");
  record.field("sample", &Otlp::sample, number(0, 1), "Share of the requests that get a span.");
  return record.codec();
}

Codec<FineTuningTriggers> triggers_codec() {
  Record<FineTuningTriggers> record;
  record.field("min_problematic", &FineTuningTriggers::min_problematic,
               whole<std::uint32_t>(1, 1'000'000'000), "Problematic responses collected.");
  record.field("min_negative_rate", &FineTuningTriggers::min_negative_rate, number(0, 1),
               "Share of negative feedback.");
  return record.codec();
}

Codec<FineTuning> fine_tuning_codec() {
  Record<FineTuning> record;
  record.field("target", &FineTuning::target, text(),
               "Target whose fine-tuning API is used; empty = none.");
  record.field("automatic", &FineTuning::automatic, boolean(),
               "Start jobs without a person when the triggers hold.");
  record.field("triggers", &FineTuning::triggers, triggers_codec(), "When a job is due.");
  return record.codec();
}

Codec<Settings> units_codec() {
  std::vector<std::pair<std::string, std::string>> sources;
  for (const std::string& source : Settings{}.unit_sources) sources.emplace_back(source, source);
  Record<Settings> record;
  record.field("from", &Settings::unit_sources,
               list_of(yaml::choice<std::string>(sources), 0, sources.size()),
               "Where the unit, to which an assignment sticks, is looked for; the first that is "
               "not empty counts.");
  return record.codec();
}

}  // namespace

Codec<Retry> retry_codec() {
  Record<Retry> record;
  record.field("max_targets", &Retry::max_targets, whole<std::uint32_t>(1, kMaxPlanTargets),
               "Targets tried per request, the first one included.");
  record.field("on", &Retry::on, retry_on_codec(), "Failures after which the next is tried.");
  record.field("budget_ratio", &Retry::budget_ratio, number(0, 1),
               "Retries allowed per request over 10 s, beside budget_floor.");
  record.field("budget_floor", &Retry::budget_floor, whole<std::uint32_t>(0, 1'000'000),
               "Retries allowed in any 10 s.");
  record.field("max_replay", &Retry::max_replay_bytes, yaml::size(0, std::uint64_t{1} << 31),
               "Larger request bodies are not retried.");
  record.field("base", &Retry::base, duration(0s, 1min),
               "Back-off before the first retry, at most.");
  record.field("cap", &Retry::cap, duration(0s, 1min), "Back-off never grows beyond.");
  return record.codec();
}

Codec<BlacklistProbe> probe_codec() {
  Record<BlacklistProbe> record;
  record.field("interval", &BlacklistProbe::interval, duration(0s, 24h),
               "Between two probes of a benched target; 0s = none.");
  record.field("timeout", &BlacklistProbe::timeout, duration(100ms, 1min), "Of one probe.");
  return record.codec();
}

Codec<Blacklist> blacklist_codec() {
  Record<Blacklist> record;
  record.field("failures", &Blacklist::failures, whole<std::uint32_t>(1, 1000),
               "Failures in a row that bench a target.");
  record.field("base", &Blacklist::base, duration(1s, 365 * 24h), "First bench.");
  record.field("factor", &Blacklist::factor, number(1, 100), "Each further bench is longer by.");
  record.field("cap", &Blacklist::cap, duration(1s, 365 * 24h), "Longest bench.");
  record.field("probe", &Blacklist::probe, probe_codec(),
               "GET {url}/models, which takes a benched target in again early.");
  return record.codec();
}

Codec<Store> store_codec() {
  Record<Store> record;
  record.field("engine", &Store::engine,
               yaml::choice<Engine>({{"rocksdb", Engine::rocksdb}, {"postgres", Engine::postgres}}),
               "Where documents and tallies live; postgres is not available in this version.");
  record.field("path", &Store::path,
               text({"a folder", "", [](std::string_view value) { return !value.empty(); }}),
               "Folder of the journal and the catalog.");
  record.field("url", &Store::url, yaml::hidden_text(), "postgresql://... of engine postgres.");
  record.field("acknowledge", &Store::acknowledge,
               yaml::choice<Acknowledge>(
                   {{"committed", Acknowledge::committed}, {"queued", Acknowledge::queued}}),
               "committed: an answer ends after its record is written; queued: it never waits.");
  record.field("fsync_interval", &Store::fsync_interval, duration(10ms, 1h),
               "At most this much is lost when the machine, not the process, fails.");
  record.field("retention", &Store::retention, duration(0s, 3650 * 24h),
               "Records are kept this long; 0s = for ever.");
  record.field("index_response_ids", &Store::index_response_ids, boolean(),
               "Let feedback name the model's own response id.");
  record.field("audit_retention", &Store::audit_retention, duration(0s, 3650 * 24h),
               "Entries of the audit trail are kept this long; 0s = for ever.");
  record.field("prediction_retention", &Store::prediction_retention, duration(0s, 3650 * 24h),
               "Predictions are kept this long after their last change; 0s = for ever.");
  record.field("feedback_retention", &Store::feedback_retention, duration(0s, 3650 * 24h),
               "Feedback is kept this long after its last change; 0s = for ever.");
  record.field("backups", &Store::backups, whole<std::uint32_t>(0, 10'000),
               "A backup leaves so many in its folder, itself included; 0 = all.");
  return record.codec();
}

Codec<Capture> capture_codec() {
  Record<Capture> record;
  record.part("bodies", bodies_codec(),
              "Whose prompts and answers are kept: none, problematic, {sampled: SHARE} or all.");
  record.field("max_size", &Capture::max_size_bytes, yaml::size(0, std::uint64_t{64} << 20),
               "A longer body is cut.");
  record.field("retention", &Capture::retention, duration(0s, 3650 * 24h),
               "Bodies are kept this long; 0s = for ever.");
  return record.codec();
}

Codec<Telemetry> telemetry_codec() {
  Record<Telemetry> record;
  record.field("prometheus", &Telemetry::prometheus, boolean(), "Serve /metrics.");
  record.field("otlp", &Telemetry::otlp, otlp_codec(), "Push to an OpenTelemetry collector.");
  record.field("trust_incoming", &Telemetry::trust_incoming, boolean(),
               "Continue the trace that a client's traceparent names.");
  return record.codec();
}

Codec<Improve> improve_codec() {
  Record<Improve> record;
  record.field("analysis", &Improve::analysis,
               text({"a cron expression of five fields such as \"0 3 * * 1\"", "", is_cron}),
               "When error patterns are looked for (minute hour day month weekday).");
  record.field("readiness", &Improve::readiness,
               map_of(name_rule(), whole<std::uint32_t>(0, 1'000'000'000)),
               "Sample kind to how many make a training set.");
  record.field("fine_tuning", &Improve::fine_tuning, fine_tuning_codec(), "Training jobs.");
  return record.codec();
}

Codec<Log> log_codec() {
  Record<Log> record;
  record.field("level", &Log::level,
               yaml::choice<LogLevel>({{"trace", LogLevel::trace},
                                       {"debug", LogLevel::debug},
                                       {"info", LogLevel::info},
                                       {"warn", LogLevel::warn},
                                       {"error", LogLevel::error}}),
               "Least severe level that is written.");
  record.field("format", &Log::format,
               yaml::choice<LogFormat>({{"json", LogFormat::json}, {"text", LogFormat::text}}),
               "One JSON object per line, or text for people.");
  record.field("access", &Log::access, boolean(), "One line per request.");
  return record.codec();
}

const Codec<Settings>& settings_codec() {
  static const Codec<Settings> codec = [] {
    Record<Settings> record;
    record.field("listeners", &Settings::listeners, listeners_codec(), "Where the gate listens.");
    record.field("secrets", &Settings::secrets, secrets_codec(),
                 "Which secrets of the process are used for what.");
    record.field("workers", &Settings::workers, or_auto(whole<std::uint32_t>(1, 1024)),
                 "Event loops; auto = one per core.");
    record.field("targets", &Settings::targets, map_of(name_rule(), target_codec()),
                 "The upstreams, by name.");
    record.field("routes", &Settings::routes, map_of(route_name_rule(), route_codec()),
                 "The model names that clients send.");
    record.field("auto", &Settings::auto_pools, map_of(name_rule(), auto_pool_codec()),
                 "Pools for the models auto and auto:CRITERION.");
    record.part("units", units_codec(), "Whom an assignment sticks to.");
    record.field("timeouts", &Settings::timeouts, timeouts_codec(), "0s = off.");
    record.field("min_rate", &Settings::min_rate, whole<std::uint32_t>(0, 1'000'000'000),
                 "Bytes per second below which a stream is cut; 0 = off.");
    record.field(
        "half_close", &Settings::half_close,
        yaml::choice<HalfClose>({{"abort", HalfClose::abort}, {"ignore", HalfClose::ignore}}),
        "What a client that closes its sending side means.");
    record.field("retry", &Settings::retry, retry_codec(), "When and how often to try again.");
    record.field("blacklist", &Settings::blacklist, blacklist_codec(),
                 "How failing targets are kept out of the way.");
    record.field("store", &Settings::store, store_codec(), "What outlives the process.");
    record.field("capture", &Settings::capture, capture_codec(), "Prompts and answers kept.");
    record.field("limits", &Settings::limits, limits_codec(), "Bounds on what clients may send.");
    record.field("telemetry", &Settings::telemetry, telemetry_codec(), "Metrics and traces.");
    record.field("improve", &Settings::improve, improve_codec(), "From outcomes to better models.");
    record.field("log", &Settings::log, log_codec(), "The process's own log, on stderr.");
    return record.codec();
  }();
  return codec;
}

}  // namespace tallygate::config
