#include "gateway/http/acceptor.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "gateway/http/asio.h"
#include "gateway/http/loop/descriptors.h"
#include "gateway/http/loop/stream.h"
#include "gateway/http/loop/turn.h"
#include "gateway/http/session.h"
#include "gateway/lifecycle/overload.h"
#include "gateway/wire/errors.h"
#include "gateway/worker.h"

namespace tallygate::http {
namespace {

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{1600};
constexpr int kBacklog = 4096;
/// Closing on bytes that the client has sent would send a reset, which can overtake the refusal.
constexpr std::chrono::seconds kRefusalPatience{1};
constexpr std::size_t kRefusedBytes = std::size_t{1} << 20;  ///< read of such a client at most
constexpr std::uint32_t kMostRefusals = 256;  ///< per worker; beyond, they are just closed
constexpr int kAcceptedPerTurn = 64;          ///< so that a flood does not stop who is connected

std::string render_refusal(const Error& error, std::string_view status_line) {
  const std::string body = wire::render_error_body(config::Protocol::openai, error, {});
  return std::string(status_line) +
         "\r\nContent-Type: application/json\r\nRetry-After: 1\r\nretry-after-ms: 1000\r\n"
         "Connection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

const std::string& too_many_connections() {
  static const std::string answer = render_refusal(
      make_error(Errc::overloaded, "the gate has as many connections as it may hold; retry"),
      "HTTP/1.1 503 Service Unavailable");
  return answer;
}

const std::string& too_many_of_client() {
  static const std::string answer = render_refusal(
      make_error(Errc::rate_limited, "too many connections from this address; close some"),
      "HTTP/1.1 429 Too Many Requests");
  return answer;
}

/// The answer is out; waits for the client to close, for a moment.
Task<void> refuse_gently(Worker& worker, int fd) {
  Stream client(worker.loop.reactor);
  Parking parking;
  client.open(fd);
  client.set_owner(&parking);
  worker.loop.deadlines.add(parking);
  parking.wake_at(worker.loop.now.steady + kRefusalPatience);
  ++worker.refused_connections;
  client.shut_down_writing();
  std::size_t dropped = 0;
  while (dropped < kRefusedBytes && !parking.expired()) {
    const IoResult read = client.read(worker.loop.scratch());
    dropped += read.bytes;
    if (read.status == IoStatus::would_block) {
      co_await parking.park();
    } else if (read.status != IoStatus::ok) {
      break;
    }
  }
  --worker.refused_connections;
}

void refuse(Worker& worker, int fd, const std::string& answer) {
  const bool plain = worker.view().data_tls == nullptr;  // else it could not be read
  if (plain) {
    [[maybe_unused]] const ssize_t sent =
        ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  if (!plain || worker.refused_connections >= kMostRefusals) {
    ::close(fd);
  } else {
    spawn(refuse_gently(worker, fd));
  }
}

Task<void> serve_counted(Worker& worker, int fd, lifecycle::ConnectionsPerAddress::Place place) {
  co_await serve_connection(worker, fd);
  static_cast<void>(place);
}

/// Serves it, or refuses it.
void welcome(Worker& worker, int fd) {
  if (!worker.has_room_for_connection()) return refuse(worker, fd, too_many_connections());
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const std::uint32_t limit = worker.view().settings->limits.connections_per_ip;
  if (limit == 0) return spawn(serve_connection(worker, fd));
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
    ::close(fd);  // gone again
    return;
  }
  auto place = worker.shared().overload->addresses.enter(lifecycle::client_of(peer), limit);
  if (!place) return refuse(worker, fd, too_many_of_client());
  spawn(serve_counted(worker, fd, std::move(place)));
}

enum class Accepted : std::uint8_t { all, some, no_room };

Accepted accept_some(Worker& worker, int listener) {
  for (int accepted = 0; worker.may_accept(); ++accepted) {
    if (accepted == kAcceptedPerTurn) return Accepted::some;
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == ECONNABORTED || errno == EINTR)) continue;
    if (fd < 0) return is_shortage(errno) ? Accepted::no_room : Accepted::all;
    if (fd >= descriptor_ceiling()) {
      refuse(worker, fd, too_many_connections());
      return Accepted::no_room;
    }
    welcome(worker, fd);
  }
  return Accepted::all;
}

}  // namespace

Task<void> accept_loop(Worker& worker, Parking& parking, int listener) {
  Watch watch;
  worker.loop.deadlines.add(parking);
  watch.owner = &parking;
  auto pause = kFirstPause;
  while (!worker.draining()) {
    parking.clear_deadline();
    if (!worker.may_accept()) {
      // Others share the socket: a wake-up that is not followed would be lost to them.
      worker.loop.reactor.remove(watch);
    } else {
      if (watch.fd < 0) worker.loop.reactor.add_listener(watch, listener);
      const Accepted accepted = accept_some(worker, listener);
      if (accepted == Accepted::no_room) {
        parking.wake_at(worker.loop.now.steady + pause);
        pause = std::min(2 * pause, kLongestPause);
      } else {
        pause = kFirstPause;
      }
      if (accepted == Accepted::some) {
        co_await next_turn(worker.loop, parking);
        continue;
      }
    }
    co_await parking.park();
  }
  parking.unlink();
  worker.loop.reactor.remove(watch);
  ::close(listener);
}

Result<int> listen_on(const std::string& address, std::uint16_t port, Sharing sharing) {
  boost::system::error_code failed;
  const auto ip = asio::ip::make_address(address, failed);
  const std::string where = address + ":" + std::to_string(port);
  if (failed) return make_error(Errc::config_invalid, "not an IP address: " + address);
  const asio::ip::tcp::endpoint endpoint(ip, port);
  const int fd =
      ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (fd < 0)
    return make_error(Errc::config_invalid, "no socket for " + where + ": " + std::strerror(errno));
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (sharing == Sharing::between_workers) {
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  }
  if (::bind(fd, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 ||
      ::listen(fd, kBacklog) != 0) {
    const std::string why =
        errno == EADDRINUSE ? "the port is in use by another process" : std::strerror(errno);
    ::close(fd);
    return make_error(Errc::config_invalid, "cannot listen on " + where + ": " + why);
  }
  return fd;
}

std::uint16_t port_of(int listener) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&bound), &size);
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(bound);
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(bound);
  return ntohs(bound.ss_family == AF_INET6 ? v6.sin6_port : v4.sin_port);
}

std::string text_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = {};
  const void* const ip =
      address.ss_family == AF_INET6
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr)
          : &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
  ::inet_ntop(address.ss_family, ip, text, sizeof text);
  return text;
}

std::string canonical_address(const std::string& address) {
  boost::system::error_code failed;
  const auto ip = asio::ip::make_address(address, failed);
  return failed ? std::string() : ip.to_string();
}

}  // namespace tallygate::http
