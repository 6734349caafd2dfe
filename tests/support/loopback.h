#pragma once
// Blocking sockets on 127.0.0.1 for tests that play both neighbours of the gate. Whatever is waited
// for ends with an exception after kPatience, so that a test fails rather than hangs.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace tallygate::testing {

inline constexpr int kPatienceMillis = 20'000;

/// One connected socket; closes it.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  Peer(Peer&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), ahead_(std::move(other.ahead_)) {}
  Peer& operator=(Peer&& other) noexcept {
    close();
    fd_ = std::exchange(other.fd_, -1);
    ahead_ = std::move(other.ahead_);
    return *this;
  }
  ~Peer() { close(); }

  static Peer connect(std::uint16_t port, int receive_buffer = 0) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0) {
      ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      ::close(fd);
      throw std::runtime_error(std::string("cannot connect: ") + std::strerror(errno));
    }
    return Peer(fd);
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      wait_for(POLLOUT, "take bytes");
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno == EAGAIN) continue;
      if (sent < 0) throw std::runtime_error(std::string("cannot send: ") + std::strerror(errno));
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// Each byte in a segment of its own.
  void send_one_by_one(std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) send(bytes.substr(i, 1));
  }
  /// What the socket takes without waiting.
  std::size_t send_some(std::string_view bytes) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  bool can_send() const {
    pollfd entry{fd_, POLLOUT, 0};
    return ::poll(&entry, 1, 0) == 1;
  }

  std::string read_exactly(std::size_t bytes) {
    while (ahead_.size() < bytes) {
      if (!read_more()) throw std::runtime_error("the peer closed; read only: " + ahead_);
    }
    return take(bytes);
  }
  /// Up to and including `mark`.
  std::string read_until(std::string_view mark) {
    for (;;) {
      const std::size_t at = ahead_.find(mark);
      if (at != std::string::npos) return take(at + mark.size());
      if (!read_more()) {
        throw std::runtime_error("the peer closed before '" + std::string(mark) +
                                 "'; read only: " + ahead_);
      }
    }
  }
  /// All there is until the peer closes, in order or by reset.
  std::string read_to_end() {
    while (read_more()) {
    }
    return take(ahead_.size());
  }
  /// The peer closes without having sent anything more.
  bool closes_silently() { return read_to_end().empty(); }

  void shut_down_writing() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  bool was_reset() const { return was_reset_; }
  /// The socket as an event loop wants it; the caller's from now on.
  int release_non_blocking() {
    ::fcntl(fd_, F_SETFL, O_NONBLOCK);
    return std::exchange(fd_, -1);
  }
  int fd() const { return fd_; }

 private:
  void wait_for(short event, const char* what) const {
    pollfd entry{fd_, event, 0};
    if (::poll(&entry, 1, kPatienceMillis) == 1) return;
    throw std::runtime_error(std::string("the peer does not ") + what +
                             "; read so far: " + ahead_.substr(0, 2000));
  }
  bool read_more() {
    wait_for(POLLIN, "say anything");
    char bytes[16 * 1024];
    const ssize_t count = ::recv(fd_, bytes, sizeof bytes, 0);
    if (count < 0 && errno != ECONNRESET) throw std::runtime_error(std::strerror(errno));
    was_reset_ = count < 0;
    if (count <= 0) return false;
    ahead_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }
  std::string take(std::size_t bytes) {
    std::string taken = ahead_.substr(0, bytes);
    ahead_.erase(0, bytes);
    return taken;
  }

  int fd_;
  std::string ahead_;
  bool was_reset_ = false;
};

/// Listens on a port that the kernel picks.
class Listener {
 public:
  Listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd_, 64) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("cannot listen on the loopback");
    }
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { close(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port() const { return port_; }
  int fd() const { return fd_; }
  Peer accept() {
    pollfd entry{fd_, POLLIN, 0};
    if (::poll(&entry, 1, kPatienceMillis) != 1) throw std::runtime_error("nobody connects");
    return Peer(::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC));
  }
  bool has_connection() const {
    pollfd entry{fd_, POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

}  // namespace tallygate::testing
