#include "config/tables.h"

#include "config/rules.h"

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

yaml::TextRule required_text(std::string expectation) {
  return {std::move(expectation), "", [](std::string_view value) { return !value.empty(); }};
}

yaml::TextRule address_rule() {
  return {"an IP address such as 127.0.0.1, 0.0.0.0 or ::1", "", is_ip_address};
}

Codec<Tls> tls_codec() {
  Record<Tls> record;
  record
      .field("certificate", &Tls::certificate, text(required_text("the path of a PEM file")),
             "PEM file with the certificate chain, leaf first.")
      .required();
  record
      .field("key", &Tls::key, text(required_text("the path of a PEM file")),
             "PEM file with the private key.")
      .required();
  return record.codec();
}

Codec<DataListener> data_listener_codec() {
  Record<DataListener> record;
  record.field("address", &DataListener::address, text(address_rule()), "IP address to listen on.");
  record.field("port", &DataListener::port, whole<std::uint16_t>(0, 65535),
               "TCP port; 0 takes any free one.");
  record.field("require_key", &DataListener::require_key, boolean(),
               "Refuse requests without a valid client key.");
  record.field("tls", &DataListener::tls, yaml::optional(tls_codec()), "Serve HTTPS.");
  return record.codec();
}

Codec<AdminListener> admin_listener_codec() {
  Record<AdminListener> record;
  record.field("address", &AdminListener::address, text(address_rule()),
               "IP address to listen on. Other than loopback needs token and tls.");
  record.field("port", &AdminListener::port, whole<std::uint16_t>(0, 65535),
               "TCP port; 0 takes any free one.");
  record.field("token", &AdminListener::token, yaml::secret(),
               "Bearer token that operators send. Empty: no authentication.");
  record.field("hosts", &AdminListener::hosts,
               list_of(text({"a host name or address, with or without a port", "", is_host})),
               "Names allowed in the Host header beside the address.");
  record.field("insecure", &AdminListener::insecure, boolean(),
               "Allow an address other than loopback without token or tls.");
  record.field("tls", &AdminListener::tls, yaml::optional(tls_codec()), "Serve HTTPS.");
  return record.codec();
}

Codec<Price> price_codec() {
  Record<Price> record;
  record.field("input", &Price::input, number(0, 1e6), "USD per million input tokens.");
  record.field("output", &Price::output, number(0, 1e6), "USD per million output tokens.");
  return record.codec();
}

}  // namespace

yaml::TextRule name_rule() {
  return {"a name of 1 to 256 bytes without white space, control characters or @",
          "^[^\\s@]{1,256}$", is_name, 256};
}

yaml::TextRule route_name_rule() {
  return {
      "a name of 1 to 256 bytes without white space, control characters or @, and not auto or "
      "auto:..., which are reserved",
      "^(?!auto$|auto:)[^\\s@]{1,256}$", is_route_name, 256};
}

yaml::TextRule semver_rule() {
  return {"a semantic version such as 1.0.0 or 2.1.0-rc.1",
          "^(0|[1-9][0-9]*)(\\.(0|[1-9][0-9]*)){2}(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?$",
          is_semver, 256};
}

Codec<Listeners> listeners_codec() {
  Record<Listeners> record;
  record.field("data", &Listeners::data, data_listener_codec(), "What applications call.");
  record.field("admin", &Listeners::admin, admin_listener_codec(),
               "What operators, dashboards and trusted services call.");
  return record.codec();
}

Codec<Secrets> secrets_codec() {
  const yaml::TextRule pattern{"env:NAME or file:/absolute/path, with or without a * at the end",
                               "^(env:([A-Za-z_][A-Za-z0-9_]*[*]?|[*])|file:/[^*]*[*]?)$",
                               is_secret_pattern};
  Record<Secrets> record;
  record.field("allow", &Secrets::allow, list_of(text(pattern)),
               "Secrets that documents of the API may name, besides those that targets of this "
               "file send to the same host.");
  record.field("pepper", &Secrets::pepper, yaml::secret(),
               "64 hexadecimal digits that client keys are hashed with; empty = "
               "client_keys.pepper in store.path, made at the first start.");
  return record.codec();
}

Codec<Target> target_codec() {
  const yaml::TextRule url{"an http or https URL", "^[Hh][Tt][Tt][Pp][Ss]?://[^?#@\\s]+$"};
  Record<Target> record;
  record.field("url", &Target::url, text(url), "Scheme, host, port and base path.").required();
  record
      .field("model", &Target::model, text(required_text("the upstream's model name")),
             "The upstream's own model name.")
      .required();
  record.field(
      "protocol", &Target::protocol,
      yaml::choice<Protocol>({{"openai", Protocol::openai}, {"anthropic", Protocol::anthropic}}),
      "What the upstream speaks; protocols are not translated.");
  record.field("api_key", &Target::api_key, yaml::secret(),
               "Sent upstream. Empty: none, unless pass_client_key is true.");
  record.field("pass_client_key", &Target::pass_client_key, boolean(),
               "Without api_key, pass on the client's own key.");
  record.field("price", &Target::price, price_codec(), "What the tokens cost.");
  record.field("max_connections", &Target::max_connections,
               or_auto(whole<std::uint32_t>(1, 1'000'000)),
               "Connections to it per process; auto = limits.connections. When all are taken, a "
               "request waits at most timeouts.connect, then tries the next target.");
  record.field("inject_usage", &Target::inject_usage, boolean(),
               "Ask for usage figures in streams and strip them again if the client did not ask.");
  record.field("expect_done", &Target::expect_done, boolean(),
               "A chat stream that ends without [DONE] counts as truncated.");
  record.field("ca_file", &Target::ca_file, text(),
               "PEM file of the CA that signed its certificate; empty = the system's CAs.");
  record.field("verify_tls", &Target::verify_tls, boolean(),
               "Verify certificate and host name. Leave it on.");
  return record.codec();
}

Codec<Timeouts> timeouts_codec() {
  Record<Timeouts> record;
  const auto add = [&](const char* name, Duration Timeouts::*member, const char* description) {
    record.field(name, member, duration(), description);
  };
  add("connect", &Timeouts::connect, "TCP and TLS handshake with a target.");
  add("first_token", &Timeouts::first_token, "Streams: from dispatch to the first content.");
  add("response_head", &Timeouts::response_head, "Others: from dispatch to the response head.");
  add("idle", &Timeouts::idle, "Gap between two events of a stream.");
  add("total", &Timeouts::total, "All attempts together, up to the first byte sent to the client.");
  add("stream_total", &Timeouts::stream_total, "A whole stream.");
  add("write_progress", &Timeouts::write_progress, "A client that reads nothing.");
  add("pool_idle", &Timeouts::pool_idle,
      "An unused upstream connection is closed after this; keep it below the upstream's limit.");
  add("client_headers", &Timeouts::client_headers, "A request head, from its first byte.");
  add("client_body", &Timeouts::client_body, "A request body.");
  add("client_idle", &Timeouts::client_idle, "A client connection between two requests.");
  add("drain", &Timeouts::drain, "How long requests in flight may go on at shutdown.");
  return record.codec();
}

Codec<Limits> limits_codec() {
  constexpr std::uint64_t kKiB = 1024;
  constexpr std::uint64_t kMiB = kKiB * 1024;
  constexpr std::uint64_t kGiB = kMiB * 1024;
  Record<Limits> record;
  record.field("connections", &Limits::connections, or_auto(whole<std::uint32_t>(1, 1'000'000)),
               "Client connections at once; auto follows the descriptor limit.");
  record.field("connections_per_ip", &Limits::connections_per_ip,
               whole<std::uint32_t>(0, 1'000'000),
               "Client connections at once from one address; 0 = off. Behind a proxy all clients "
               "have one address.");
  record.field(
      "memory", &Limits::memory_bytes, or_auto(yaml::size(64 * kMiB, 1024 * kGiB)),
      "Memory of the process, beyond which it sheds load; auto follows the machine or cgroup.");
  record.field("body", &Limits::body_bytes, yaml::size(kKiB, 2 * kGiB), "A request body.");
  record.field("header_bytes", &Limits::header_bytes, yaml::size(kKiB, 64 * kKiB - 1),
               "A request head; below 64KiB.");
  record.field("header_count", &Limits::header_count, whole<std::uint32_t>(8, 1000),
               "Fields in a request head.");
  record.field("json_depth", &Limits::json_depth, whole<std::uint32_t>(4, 1024),
               "Nesting of a JSON body.");
  record.field("response_event", &Limits::response_event_bytes, yaml::size(kKiB, 64 * kMiB),
               "A stream's event up to this size is held until it is whole; larger ones pass "
               "through as they come.");
  return record.codec();
}

}  // namespace tallygate::config
