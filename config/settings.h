#pragma once
// The configuration file as plain structs, one to one with the YAML (see docs/configuration.md).
// Loaded once at start and once per reload, immutable afterwards; shared between threads as
// std::shared_ptr<const Settings>. Durations of zero mean "off".

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tallygate::config {

using Duration = std::chrono::milliseconds;

enum class Protocol : std::uint8_t { openai, anthropic };

/// A secret as the file gave it, after interpolation. Printing a Settings never shows it.
struct Secret {
  std::string value;
  /// Where the file has it from: "env:NAME" or "file:/path".
  std::string reference{};
  bool empty() const { return value.empty(); }
  bool operator==(const Secret&) const = default;
};

struct Tls {
  std::string certificate;  ///< PEM file
  std::string key;          ///< PEM file
  bool operator==(const Tls&) const = default;
};

struct DataListener {
  std::string address = "0.0.0.0";
  std::uint16_t port = 8080;
  bool require_key = false;
  std::optional<Tls> tls;
  bool operator==(const DataListener&) const = default;
};

struct AdminListener {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8081;
  Secret token;
  std::vector<std::string> hosts;
  bool insecure = false;
  std::optional<Tls> tls;
  bool operator==(const AdminListener&) const = default;
};

struct Listeners {
  DataListener data;
  AdminListener admin;
  bool operator==(const Listeners&) const = default;
};

/// USD per million tokens.
struct Price {
  double input = 0;
  double output = 0;
  bool operator==(const Price&) const = default;
};

struct Target {
  std::string url;    ///< scheme, host, port, base path
  std::string model;  ///< the upstream's own model name
  Protocol protocol = Protocol::openai;
  Secret api_key;
  bool pass_client_key = false;
  Price price;
  std::uint32_t max_connections = 0;  ///< 0 = auto = limits.connections
  bool inject_usage = true;
  bool expect_done = true;  ///< a chat stream that ends without [DONE] is truncated
  std::string ca_file;      ///< empty = the system's CA store
  bool verify_tls = true;
  /// Not in the file: its targets may be anywhere on the operator's word; the API's must say so.
  bool allow_private = true;
  bool operator==(const Target&) const = default;
};

struct Timeouts {
  Duration connect{5'000};
  Duration first_token{60'000};
  Duration response_head{600'000};
  Duration idle{60'000};
  Duration total{600'000};
  Duration stream_total{0};
  Duration write_progress{60'000};
  Duration pool_idle{4'000};
  Duration client_headers{10'000};
  Duration client_body{30'000};
  Duration client_idle{75'000};
  Duration drain{30'000};
  bool operator==(const Timeouts&) const = default;
};

struct Version {
  std::vector<std::string> targets;  ///< names under `targets`, tried from a random one on
  bool is_default = false;
  bool active = true;
  bool operator==(const Version&) const = default;
};

enum class ExperimentStatus : std::uint8_t { draft, active, paused, completed, cancelled };

struct Mirror {
  std::string version;
  double share = 0;
  bool operator==(const Mirror&) const = default;
};

/// The same document as /api/v1/ab-tests, as the file spells it.
struct Experiment {
  std::string name;
  std::map<std::string, std::string> variants;  ///< variant name -> version; "a" is control
  std::map<std::string, double> split;          ///< variant name -> percent, sums to 100
  ExperimentStatus status = ExperimentStatus::draft;
  std::optional<Mirror> mirror;
  /// Left as JSON text until the experiment engine gives it meaning; empty = none.
  std::string criteria_json;
  bool operator==(const Experiment&) const = default;
};

struct Route {
  std::vector<std::string> conversation_types;
  std::map<std::string, Version> versions;
  std::vector<std::string> fallbacks;  ///< "route@version" or "route"
  std::optional<Experiment> experiment;
  /// Overrides of single timeouts, already merged over Settings::timeouts by the loader.
  std::optional<Timeouts> timeouts;
  bool operator==(const Route&) const = default;
};

enum class Criterion : std::uint8_t { cost, accuracy, creativity, speed, continuity };

struct AutoPool {
  Criterion criterion = Criterion::cost;
  std::vector<std::string> candidates;
  std::map<std::string, std::map<std::string, double>> priors;
  bool operator==(const AutoPool&) const = default;
};

enum class HalfClose : std::uint8_t { abort, ignore };

struct RetryOn {
  bool connect = true;
  bool reset = true;
  bool status_5xx = true;
  bool status_429 = true;
  bool timeout = true;
  bool stream_error = true;
  bool operator==(const RetryOn&) const = default;
};

struct Retry {
  std::uint32_t max_targets = 3;
  RetryOn on;
  double budget_ratio = 0.2;
  std::uint32_t budget_floor = 30;
  std::size_t max_replay_bytes = std::size_t{8} << 20;
  Duration base{25};
  Duration cap{250};
  bool operator==(const Retry&) const = default;
};

/// GET {base}/models, which pardons a benched target early.
struct BlacklistProbe {
  Duration interval{0};  ///< 0 = off
  Duration timeout{5'000};
  bool operator==(const BlacklistProbe&) const = default;
};

struct Blacklist {
  std::uint32_t failures = 3;
  Duration base{std::chrono::hours{1}};
  double factor = 2;
  Duration cap{std::chrono::hours{24}};
  BlacklistProbe probe;
  bool operator==(const Blacklist&) const = default;
};

enum class Engine : std::uint8_t { rocksdb, postgres };
enum class Acknowledge : std::uint8_t { committed, queued };

struct Store {
  Engine engine = Engine::rocksdb;
  std::string path = "./data";
  std::string url;  ///< engine: postgres
  Acknowledge acknowledge = Acknowledge::committed;
  Duration fsync_interval{1'000};
  Duration retention{std::chrono::hours{24 * 30}};
  bool index_response_ids = true;
  Duration audit_retention{std::chrono::hours{24 * 365}};       ///< 0 = for ever
  Duration prediction_retention{std::chrono::hours{24 * 365}};  ///< 0 = for ever
  Duration feedback_retention{std::chrono::hours{24 * 365}};    ///< 0 = for ever
  std::uint32_t backups = 7;                                    ///< kept in a folder; 0 = all
  bool operator==(const Store&) const = default;
};

enum class CaptureBodies : std::uint8_t { none, problematic, sampled, all };

struct Capture {
  CaptureBodies bodies = CaptureBodies::none;
  double sample = 0;  ///< of `sampled: 0.01`
  std::size_t max_size_bytes = 64 * 1024;
  Duration retention{std::chrono::hours{24 * 7}};
  bool operator==(const Capture&) const = default;
};

/// Every bound that an operator may set. Zero for connections and memory = auto.
struct Limits {
  std::uint32_t connections = 0;
  std::size_t memory_bytes = 0;
  std::uint32_t connections_per_ip = 0;  ///< 0 = off
  std::size_t body_bytes = std::size_t{32} << 20;
  std::size_t header_bytes = 32 * 1024;
  std::uint32_t header_count = 100;
  std::uint32_t json_depth = 64;
  std::size_t response_event_bytes = std::size_t{1} << 20;
  bool operator==(const Limits&) const = default;
};

struct Otlp {
  std::string endpoint;
  Duration interval{10'000};
  bool traces = false;
  double sample = 0.01;
  bool operator==(const Otlp&) const = default;
};

struct Telemetry {
  bool prometheus = true;
  Otlp otlp;
  bool trust_incoming = true;
  bool operator==(const Telemetry&) const = default;
};

struct FineTuningTriggers {
  std::uint32_t min_problematic = 100;
  double min_negative_rate = 0.15;
  bool operator==(const FineTuningTriggers&) const = default;
};

struct FineTuning {
  std::string target;
  bool automatic = false;
  FineTuningTriggers triggers;
  bool operator==(const FineTuning&) const = default;
};

struct Improve {
  std::string analysis = "0 3 * * 1";  ///< cron
  std::map<std::string, std::uint32_t> readiness{{"correction", 50}, {"validated", 30}};
  FineTuning fine_tuning;
  bool operator==(const Improve&) const = default;
};

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };
enum class LogFormat : std::uint8_t { json, text };

struct Log {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::json;
  bool access = false;
  bool operator==(const Log&) const = default;
};

/// Of the process's own secrets.
struct Secrets {
  /// What documents of the API may name besides what the file's own targets do: "env:NAME" or
  /// "file:/path", where `*` at the end stands for any rest without `/`.
  std::vector<std::string> allow{"env:TALLYGATE_PROVIDER_*",
                                 "file:/run/secrets/tallygate-provider-*"};
  Secret pepper;  ///< of client keys, 64 hexadecimal digits; empty = a file of the store
  bool operator==(const Secrets&) const = default;
};

struct Settings {
  Listeners listeners;
  Secrets secrets;
  std::uint32_t workers = 0;  ///< 0 = auto = one per core
  std::map<std::string, Target> targets;
  std::map<std::string, Route> routes;
  std::map<std::string, AutoPool> auto_pools;
  /// Where a unit is looked for, in order; see reference names in config/units.
  std::vector<std::string> unit_sources{"x-tallygate-unit", "user",         "safety_identifier",
                                        "metadata.user_id", "x-session-id", "api_key"};
  Timeouts timeouts;
  std::uint32_t min_rate = 0;  ///< bytes per second of a stream
  HalfClose half_close = HalfClose::abort;
  Retry retry;
  Blacklist blacklist;
  Store store;
  Capture capture;
  Limits limits;
  Telemetry telemetry;
  Improve improve;
  Log log;
  bool operator==(const Settings&) const = default;
};

}  // namespace tallygate::config
