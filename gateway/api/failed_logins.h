#pragma once
// Slows down whoever guesses admin tokens: an address may fail kBurst times at once and then once
// per kRecovery. Bounded: of more than kMostPeers addresses the one that is nearest to being
// forgiven is forgotten. Pure; control's loop only.

#include <array>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "base/time.h"

namespace tallygate::api {

class FailedLogins {
 public:
  static constexpr int kBurst = 10;
  static constexpr std::chrono::seconds kRecovery{10};
  static constexpr std::size_t kMostPeers = 1024;
  static constexpr std::size_t kMostTokens = 256;
  /// Between two lines of the log about failures, whoever they are of.
  static constexpr std::chrono::seconds kQuiet{10};

  /// How long `peer` must wait before it may try again; zero = it may now.
  std::chrono::seconds wait_of(const boost::asio::ip::address& peer, SteadyTime now) const;

  /// Takes note of a wrong token. If it is time for a line in the log: how many failures it stands
  /// for.
  std::optional<std::uint64_t> after_failure(const boost::asio::ip::address& peer, SteadyTime now);

  /// A token that was right is looked at again at once, whatever others guess from its address (a
  /// scraper behind the same proxy): of the last kMostTokens.
  void after_success(std::string_view authorization);
  void forget(std::string_view authorization);
  bool was_right(std::string_view authorization) const;

  std::size_t peers() const { return forgiven_at_.size(); }

 private:
  /// An IPv6 host has a whole /64 to itself.
  using Key = std::array<unsigned char, 16>;
  static Key key_of(const boost::asio::ip::address& peer);
  void make_room(SteadyTime now);

  std::map<Key, SteadyTime> forgiven_at_;
  std::set<std::size_t> right_;  ///< hashes; one by chance only spares a wait
  std::uint64_t untold_ = 0;
  SteadyTime next_line_{};
};

}  // namespace tallygate::api
