#include "bench/model_simulator/connection.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tallygate::simulator {
namespace {

constexpr std::size_t kMaxTlsRead = std::size_t{1} << 20;

Transport::Moved moved_plain(ssize_t result) {
  if (result > 0) return {Transport::State::ok, static_cast<std::size_t>(result)};
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) return {Transport::State::blocked, 0};
  return {Transport::State::closed, 0};
}

Transport::Moved moved_tls(SSL* ssl, int result) {
  if (result > 0) return {Transport::State::ok, static_cast<std::size_t>(result)};
  const int error = SSL_get_error(ssl, result);
  ERR_clear_error();
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    return {Transport::State::blocked, 0};
  }
  return {Transport::State::closed, 0};
}

}  // namespace

Transport::Transport(int fd, SSL_CTX* tls) : fd_(fd) {
  if (tls == nullptr) return;
  ssl_ = SSL_new(tls);
  if (ssl_ == nullptr) return;
  SSL_set_fd(ssl_, fd);
  SSL_set_accept_state(ssl_);
  SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                         SSL_MODE_RELEASE_BUFFERS);
}

Transport::~Transport() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  ::close(fd_);
}

Transport::Moved Transport::read(char* into, std::size_t size) {
  if (ssl_ == nullptr) return moved_plain(::recv(fd_, into, size, 0));
  return moved_tls(ssl_, SSL_read(ssl_, into, static_cast<int>(std::min(size, kMaxTlsRead))));
}

Transport::Moved Transport::write(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (ssl_ == nullptr) return moved_plain(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  const std::size_t size = std::min(bytes.size(), kMaxTlsRead);
  return moved_tls(ssl_, SSL_write(ssl_, bytes.data(), static_cast<int>(size)));
}

void Transport::arm_reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void Transport::say_goodbye() {
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_) != 0) SSL_shutdown(ssl_);
  ERR_clear_error();
}

}  // namespace tallygate::simulator
