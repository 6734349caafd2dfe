#pragma once
// How many connections each client address has, for `limits.connections_per_ip`. An entry lives as
// long as one of its connections, so that there are never more of them than connections. Workers
// share it, since the kernel spreads one client's connections over them; used once per connection,
// and only with the limit set.

#include <sys/socket.h>

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <mutex>
#include <utility>

namespace tallygate::lifecycle {

/// An IPv4 address, or the first 64 bits of an IPv6 address, which is what one client has.
std::uint64_t client_of(const sockaddr_storage& address);

class ConnectionsPerAddress {
 public:
  /// A connection that counts, until it goes.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept
        : table_(std::exchange(other.table_, nullptr)), client_(other.client_) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (table_ != nullptr) table_->leave(client_);
    }
    /// False: the client has as many as it may.
    explicit operator bool() const { return table_ != nullptr; }

   private:
    friend class ConnectionsPerAddress;
    Place(ConnectionsPerAddress* table, std::uint64_t client) : table_(table), client_(client) {}
    ConnectionsPerAddress* table_ = nullptr;
    std::uint64_t client_ = 0;
  };

  Place enter(std::uint64_t client, std::uint32_t limit);
  std::size_t clients() const;

 private:
  struct Shard {
    mutable std::mutex mutex;
    boost::unordered_flat_map<std::uint64_t, std::uint32_t> counts;
  };

  Shard& shard_of(std::uint64_t client);
  void leave(std::uint64_t client);

  std::array<Shard, 16> shards_;
};

}  // namespace tallygate::lifecycle
