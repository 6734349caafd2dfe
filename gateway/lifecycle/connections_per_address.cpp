#include "gateway/lifecycle/connections_per_address.h"

#include <netinet/in.h>

#include <cstring>

namespace tallygate::lifecycle {
namespace {

constexpr std::uint64_t kV4 = std::uint64_t{1} << 63;  // no IPv6 network that is in use begins so

std::uint64_t v4_client(std::uint32_t address) { return kV4 | address; }

}  // namespace

std::uint64_t client_of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    return v4_client(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr);
  }
  const in6_addr& ip = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&ip)) {
    std::uint32_t v4 = 0;
    std::memcpy(&v4, ip.s6_addr + 12, sizeof v4);
    return v4_client(v4);
  }
  std::uint64_t network = 0;
  for (int i = 0; i < 8; ++i) network = network << 8 | ip.s6_addr[i];
  return network;
}

ConnectionsPerAddress::Place ConnectionsPerAddress::enter(std::uint64_t client,
                                                          std::uint32_t limit) {
  Shard& shard = shard_of(client);
  const std::lock_guard lock(shard.mutex);
  std::uint32_t& count = shard.counts[client];
  if (count >= limit) return {};  // not zero, so the entry is another's
  ++count;
  return {this, client};
}

void ConnectionsPerAddress::leave(std::uint64_t client) {
  Shard& shard = shard_of(client);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.counts.find(client);
  if (--found->second == 0) shard.counts.erase(found);
}

std::size_t ConnectionsPerAddress::clients() const {
  std::size_t clients = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    clients += shard.counts.size();
  }
  return clients;
}

ConnectionsPerAddress::Shard& ConnectionsPerAddress::shard_of(std::uint64_t client) {
  return shards_[(client ^ client >> 24 ^ client >> 40) % shards_.size()];
}

}  // namespace tallygate::lifecycle
