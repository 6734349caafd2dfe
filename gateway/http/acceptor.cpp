#include "gateway/http/acceptor.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "gateway/http/asio.h"
#include "gateway/http/session.h"
#include "gateway/wire/errors.h"
#include "gateway/worker.h"

namespace tallygate::http {
namespace {

constexpr std::chrono::milliseconds kPauseWithoutDescriptors{200};
constexpr int kBacklog = 4096;

const std::string& too_many_connections() {
  static const std::string answer = [] {
    const Error error =
        make_error(Errc::overloaded, "the gate has as many connections as it may hold; retry");
    const std::string body = wire::render_error_body(config::Protocol::openai, error, {});
    return "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: "
           "1\r\n"
           "Connection: close\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }();
  return answer;
}

void refuse(int fd) {
  const std::string& answer = too_many_connections();
  [[maybe_unused]] const ssize_t sent =
      ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::close(fd);
}

/// False when there is nothing more to accept for now.
bool accept_one(Worker& worker, int listener) {
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return errno == ECONNABORTED || errno == EINTR;
  if (!worker.has_room_for_connection()) {
    refuse(fd);
    return true;
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  spawn(serve_connection(worker, fd));
  return true;
}

}  // namespace

Task<void> accept_loop(Worker& worker, Parking& parking, int listener) {
  Watch watch;
  worker.loop.reactor.add(watch, listener);
  worker.loop.deadlines.add(parking);
  watch.owner = &parking;
  while (!worker.draining()) {
    while (accept_one(worker, listener)) {
    }
    const bool starved = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    parking.wake_at(starved ? worker.loop.now.steady + kPauseWithoutDescriptors : kNever);
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

}  // namespace tallygate::http
