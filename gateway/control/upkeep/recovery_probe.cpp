#include "gateway/control/upkeep/recovery_probe.h"

#include <spdlog/spdlog.h>

namespace tallygate {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

/// "Name: value\r\n" in two.
std::pair<std::string, std::string> split_line(std::string_view line) {
  const std::size_t colon = line.find(": ");
  if (line.ends_with(kLineEnd)) line.remove_suffix(kLineEnd.size());
  return {std::string(line.substr(0, colon)), std::string(line.substr(colon + 2))};
}

}  // namespace

OutboundCall probe_of(const UpstreamTarget& target, std::chrono::milliseconds timeout) {
  OutboundCall call;
  call.subject = "probe of " + target.host_header;
  call.is_https = target.tls != nullptr;
  call.host = target.host;
  call.port = std::to_string(target.port);
  call.host_header = target.host_header;
  call.target = target.base_path + "/models";
  if (!target.credential.empty()) call.fields.push_back(split_line(target.credential));
  if (target.settings.protocol == config::Protocol::anthropic) {
    call.fields.emplace_back("anthropic-version", "2023-06-01");
  }
  call.tls = target.tls;
  call.verify_tls = target.settings.verify_tls;
  call.private_ones = target.settings.allow_private ? config::PrivateAddresses::allowed
                                                    : config::PrivateAddresses::refused;
  call.timeout = timeout;
  return call;
}

void RecoveryProbe::tick(SteadyTime now) {
  const View view = view_();
  const config::BlacklistProbe& rules = view->settings->blacklist.probe;
  if (rules.interval.count() == 0 || now < next_) return;
  next_ = now + rules.interval;
  for (const auto& target : view->targets) {
    if (target == nullptr || health_.is_benched_by_hand(target->slot)) continue;
    const SteadyTime until = health_.state(target->slot).benched_until;
    if (until <= now) continue;
    if (running_.load() >= kMostAtOnce) return;
    ++running_;
    asio::co_spawn(io_.get_executor(), probe(target, until, rules.timeout), asio::detached);
  }
}

Awaitable<void> RecoveryProbe::probe(std::shared_ptr<const UpstreamTarget> target,
                                     SteadyTime benched_until, std::chrono::milliseconds timeout) {
  const Result<void> answered = co_await run_call(io_, probe_of(*target, timeout));
  if (answered.has_error()) {
    spdlog::info("{}; it stays benched", answered.error().message);
  } else if (health_.pardon_bench(target->slot, benched_until)) {
    health_.news.push(
        {.kind = HealthNews::Kind::revived, .slot = target->slot, .target = target->name});
  }
  --running_;
}

}  // namespace tallygate
