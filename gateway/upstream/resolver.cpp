#include "gateway/upstream/resolver.h"

#include <spdlog/spdlog.h>

namespace tallygate {
namespace {

bool is_literal(const std::string& host) {
  error_code failed;
  asio::ip::make_address(host, failed);
  return !failed;
}

void take_answer(const UpstreamTarget& target, error_code failed,
                 const asio::ip::tcp::resolver::results_type& results) {
  if (!failed) {
    auto addresses = std::make_shared<Addresses>();
    for (const auto& entry : results) addresses->push_back(entry.endpoint());
    target.addresses.store(std::move(addresses));
    return;
  }
  spdlog::warn("cannot resolve {}: {}", target.host, failed.message());
  // Known to fail, so that requests need not wait out their connect timeout.
  if (target.addresses.load() == nullptr)
    target.addresses.store(std::make_shared<const Addresses>());
}

}  // namespace

void Resolver::watch(std::vector<std::shared_ptr<const UpstreamTarget>> targets) {
  targets_.clear();
  for (auto& target : targets) {
    if (target != nullptr && !is_literal(target->host)) targets_.push_back(std::move(target));
  }
  look_up_all();
}

void Resolver::stop() {
  timer_.cancel();
  resolver_.cancel();
}

void Resolver::look_up_all() {
  for (const auto& target : targets_) look_up(target);
  if (!targets_.empty()) look_up_later();
}

void Resolver::look_up(std::shared_ptr<const UpstreamTarget> target) {
  const std::string host = target->host;
  const std::string port = std::to_string(target->port);
  resolver_.async_resolve(host, port, asio::ip::resolver_base::numeric_service,
                          [target = std::move(target)](error_code failed, const auto& results) {
                            if (failed != asio::error::operation_aborted) {
                              take_answer(*target, failed, results);
                            }
                          });
}

void Resolver::look_up_later() {
  timer_.expires_after(kInterval);
  timer_.async_wait([this](error_code failed) {
    if (!failed) look_up_all();
  });
}

}  // namespace tallygate
