#include "gateway/http/loop/connect.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "gateway/http/loop/descriptors.h"
#include "gateway/upstream/refuse_address.h"

namespace tallygate::http {
namespace {

Error connect_error(const UpstreamTarget& target, const std::string& why) {
  return make_error(Errc::upstream_connect_error,
                    "cannot connect to " + target.host_header + ": " + why);
}

Error interruption(const UpstreamTarget& target, Errc code) {
  return make_error(code, code == Errc::client_abort
                              ? "the client left while the gate was connecting"
                              : "no connection to " + target.host_header + " in time");
}

/// A socket with a connect under way, or -1 with errno set.
int start_connect(const boost::asio::ip::tcp::endpoint& address) {
  const int fd =
      ::socket(address.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (fd >= descriptor_ceiling()) {
    ::close(fd);
    errno = EMFILE;
    return -1;
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, address.data(), static_cast<socklen_t>(address.size())) == 0 ||
      errno == EINPROGRESS) {
    return fd;
  }
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

int pending_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

/// Waits until the name has been resolved for the first time; the resolver does not wake us, so
/// this looks at every tick.
Task<Result<std::shared_ptr<const Addresses>>> await_addresses(EventLoop& loop,
                                                               const UpstreamTarget& target,
                                                               Waiter& waiter) {
  const SteadyTime deadline = waiter.parking.deadline();
  for (;;) {
    if (auto known = target.addresses.load(); known != nullptr) {
      waiter.parking.wake_at(deadline);
      if (known->empty()) co_return connect_error(target, "the name is not known");
      co_return known;
    }
    waiter.parking.wake_at(std::min(deadline, loop.now.steady + Deadlines::kTick));
    co_await waiter.parking.park();
    if (waiter.client_gone()) co_return interruption(target, Errc::client_abort);
    if (loop.now.steady >= deadline)
      co_return connect_error(target, "its name was not resolved in time");
  }
}

Task<Result<void>> shake_hands(const UpstreamTarget& target, Stream& stream, Waiter& waiter) {
  stream.use_tls(make_client_handle(*target.tls, target.host, target.settings.verify_tls));
  for (;;) {
    const IoStatus status = stream.handshake();
    if (status == IoStatus::ok) co_return Result<void>{};
    if (status != IoStatus::would_block) {
      co_return connect_error(target, "TLS: " + take_tls_error());
    }
    co_await waiter.parking.park();
    if (const auto stop = waiter.interrupted(Errc::upstream_connect_timeout)) {
      co_return interruption(target, *stop);
    }
  }
}

/// One address. A refusal is upstream_connect_error, and the next address may be tried.
Task<Result<UpstreamPtr>> connect_to(EventLoop& loop, UpstreamPool& pool, Waiter& waiter,
                                     const boost::asio::ip::tcp::endpoint& address) {
  const UpstreamTarget& target = pool.target();
  const auto private_ones = target.settings.allow_private ? config::PrivateAddresses::allowed
                                                          : config::PrivateAddresses::refused;
  if (const auto why = refuse_address(address.address(), private_ones); !why.empty()) {
    co_return connect_error(target, std::string(why));
  }
  const int fd = start_connect(address);
  if (fd < 0 && is_shortage(errno)) {
    co_return make_error(Errc::upstream_busy, std::string("the gate has no room for another "
                                                          "connection: ") +
                                                  std::strerror(errno));
  }
  if (fd < 0) co_return connect_error(target, std::strerror(errno));
  auto connection = std::make_unique<UpstreamConnection>(loop.reactor, fd, pool.open_connections(),
                                                         pool.open_here());
  connection->address = address;
  connection->stream.set_owner(&waiter.parking);
  while (!connection->stream.can_write()) {
    co_await waiter.parking.park();
    if (connection->stream.can_write()) break;
    if (const auto stop = waiter.interrupted(Errc::upstream_connect_timeout)) {
      co_return interruption(target, *stop);
    }
  }
  if (const int error = pending_error(fd); error != 0) {
    co_return connect_error(target, std::strerror(error));
  }
  if (target.tls != nullptr) {
    const Result<void> secured = co_await shake_hands(target, connection->stream, waiter);
    if (secured.has_error()) co_return secured.error();
  }
  co_return connection;
}

}  // namespace

Task<Result<UpstreamPtr>> connect_upstream(EventLoop& loop, UpstreamPool& pool, Waiter& waiter) {
  const auto addresses = co_await await_addresses(loop, pool.target(), waiter);
  if (addresses.has_error()) co_return addresses.error();
  Error last;
  for (const auto& address : **addresses) {
    Result<UpstreamPtr> connected = co_await connect_to(loop, pool, waiter, address);
    if (connected.has_value()) co_return std::move(connected);
    last = connected.error();
    if (last.code != Errc::upstream_connect_error) break;
  }
  co_return last;
}

}  // namespace tallygate::http
