#include "config/check.h"

#include <fmt/format.h>

#include "config/rules.h"
#include "config/url.h"
#include "config/yaml/scalars.h"
#include "config/yaml/unicode.h"

namespace tallygate::config {
namespace {

using yaml::Decoder;

void check_listeners(const Listeners& listeners, Decoder& decoder) {
  const DataListener& data = listeners.data;
  const AdminListener& admin = listeners.admin;
  // Port 0 is "any free one": two of them never collide.
  if (data.port == admin.port && data.port != 0) {
    decoder.report(fmt::format("listeners: data and admin both use port {}; give them different "
                               "ports",
                               data.port),
                   admin.port, data.port, listeners);
  }
  const bool known = (!decoder.given(admin.token) || decoder.sound(admin.token)) &&
                     (!decoder.given(admin.tls) || decoder.sound(admin.tls));
  const bool no_token = admin.token.empty();
  const bool no_tls = !admin.tls;
  if (!is_loopback(admin.address) && known && (no_token || no_tls) && !admin.insecure) {
    decoder.report(
        fmt::format("listeners.admin: an address other than loopback needs a token and tls; set "
                    "{}, listen on 127.0.0.1, or say insecure: true",
                    no_token && no_tls ? "both"
                    : no_token         ? "token"
                                       : "tls"),
        admin.address, admin, listeners);
  }
}

void check_targets(const Settings& settings, Decoder& decoder) {
  for (const auto& [name, target] : settings.targets) {
    if (decoder.sound(target.url)) {
      if (const auto problem = problem_of_url(target.url)) {
        decoder.report(fmt::format("targets.{}.url: {}", name, *problem), target.url);
      }
    }
    if (!target.api_key.empty() && target.pass_client_key) {
      decoder.report(fmt::format("targets.{}: pass_client_key has no effect beside an api_key; "
                                 "remove one of them",
                                 name),
                     target.pass_client_key);
    }
  }
}

void check_order(const char* where, const Duration& base, const Duration& cap, Decoder& decoder) {
  if (base <= cap) return;
  decoder.report(fmt::format("{0}: cap ({2}) is shorter than base ({1})", where,
                             yaml::render_duration(base), yaml::render_duration(cap)),
                 cap, base);
}

void check_store(const Store& store, Decoder& decoder) {
  if (store.engine == Engine::postgres) {
    decoder.report("store.engine: postgres is not available in this version; use rocksdb",
                   store.engine);
  } else if (!store.url.empty()) {
    decoder.report("store.url: only engine postgres takes a url; remove it", store.url);
  }
}

void check_fine_tuning(const Settings& settings, Decoder& decoder) {
  const FineTuning& tuning = settings.improve.fine_tuning;
  if (tuning.target.empty()) {
    if (tuning.automatic) {
      decoder.report("improve.fine_tuning: automatic needs a target", tuning.automatic);
    }
  } else if (!settings.targets.contains(tuning.target)) {
    decoder.report(fmt::format("improve.fine_tuning.target: there is no target `{}`{}",
                               yaml::excerpt(tuning.target),
                               decoder.suggest_key(tuning.target, settings.targets)),
                   tuning.target);
  }
}

void check_telemetry(const Telemetry& telemetry, Decoder& decoder) {
  const std::string& endpoint = telemetry.otlp.endpoint;
  if (endpoint.empty()) return;
  if (const auto problem = problem_of_url(endpoint)) {
    decoder.report("telemetry.otlp.endpoint: " + *problem, endpoint);
  }
}

}  // namespace

void check_settings(const Settings& settings, Decoder& decoder) {
  check_listeners(settings.listeners, decoder);
  check_targets(settings, decoder);
  check_routes(settings, decoder);
  check_order("retry", settings.retry.base, settings.retry.cap, decoder);
  check_order("blacklist", settings.blacklist.base, settings.blacklist.cap, decoder);
  check_store(settings.store, decoder);
  check_fine_tuning(settings, decoder);
  check_telemetry(settings.telemetry, decoder);
}

}  // namespace tallygate::config
