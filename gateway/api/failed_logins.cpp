#include "gateway/api/failed_logins.h"

#include <algorithm>

namespace tallygate::api {

FailedLogins::Key FailedLogins::key_of(const boost::asio::ip::address& peer) {
  Key key{};
  if (peer.is_v4()) {
    key[10] = key[11] = 0xFF;
    const auto bytes = peer.to_v4().to_bytes();
    std::copy(bytes.begin(), bytes.end(), key.begin() + 12);
    return key;
  }
  const auto bytes = peer.to_v6().to_bytes();
  const bool mapped = peer.to_v6().is_v4_mapped();
  std::copy_n(bytes.begin(), mapped ? 16 : 8, key.begin());
  return key;
}

std::chrono::seconds FailedLogins::wait_of(const boost::asio::ip::address& peer,
                                           SteadyTime now) const {
  const auto known = forgiven_at_.find(key_of(peer));
  if (known == forgiven_at_.end()) return std::chrono::seconds{0};
  const auto over = known->second - now - (kBurst - 1) * kRecovery;
  return std::max(std::chrono::ceil<std::chrono::seconds>(over), std::chrono::seconds{0});
}

std::optional<std::uint64_t> FailedLogins::after_failure(const boost::asio::ip::address& peer,
                                                         SteadyTime now) {
  const Key key = key_of(peer);
  if (!forgiven_at_.contains(key)) make_room(now);
  SteadyTime& forgiven = forgiven_at_[key];
  forgiven = std::max(forgiven, now) + kRecovery;
  ++untold_;
  if (now < next_line_) return std::nullopt;
  next_line_ = now + kQuiet;
  return std::exchange(untold_, 0);
}

void FailedLogins::after_success(std::string_view authorization) {
  if (right_.size() >= kMostTokens) right_.clear();
  right_.insert(std::hash<std::string_view>{}(authorization));
}

void FailedLogins::forget(std::string_view authorization) {
  right_.erase(std::hash<std::string_view>{}(authorization));
}

bool FailedLogins::was_right(std::string_view authorization) const {
  return right_.contains(std::hash<std::string_view>{}(authorization));
}

void FailedLogins::make_room(SteadyTime now) {
  std::erase_if(forgiven_at_, [&](const auto& entry) { return entry.second <= now; });
  if (forgiven_at_.size() < kMostPeers) return;
  forgiven_at_.erase(
      std::min_element(forgiven_at_.begin(), forgiven_at_.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; }));
}

}  // namespace tallygate::api
