#include "gateway/http/loop/stream.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace tallygate::http {
namespace {

/// The kernel takes one piece faster by send() than by sendmsg().
ssize_t send_pieces(int fd, std::span<const iovec> pieces) {
  if (pieces.size() == 1) {
    return TEMP_FAILURE_RETRY(::send(fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL));
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = std::min<std::size_t>(pieces.size(), IOV_MAX);
  return TEMP_FAILURE_RETRY(::sendmsg(fd, &message, MSG_NOSIGNAL));
}

std::size_t bytes_of(std::span<const iovec> pieces) {
  std::size_t bytes = 0;
  for (const iovec& piece : pieces) bytes += piece.iov_len;
  return bytes;
}

}  // namespace

Stream::Stream(Reactor& reactor) : reactor_(reactor) { watch_.can_write = true; }

Stream::Stream(Reactor& reactor, int fd) : reactor_(reactor) { open(fd); }

void Stream::open(int fd) {
  leads_nowhere_ = false;
  watch_.can_write = false;  // until the first event says so
  reactor_.add(watch_, fd);
}

Stream::~Stream() { close(); }

void Stream::use_tls(SslHandle ssl) {
  ssl_ = std::move(ssl);
  SSL_set_fd(ssl_.get(), watch_.fd);
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                               SSL_MODE_RELEASE_BUFFERS);
}

IoStatus Stream::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? IoStatus::ok : status_of_tls(result, false);
}

IoResult Stream::read(std::span<char> into) {
  if (!watch_.can_read) return {IoStatus::would_block, 0};
  if (ssl_ != nullptr) {
    ERR_clear_error();
    std::size_t bytes = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &bytes);
    if (result == 1) return {IoStatus::ok, bytes};
    return {status_of_tls(result, false), 0};
  }
  const ssize_t bytes = TEMP_FAILURE_RETRY(::recv(watch_.fd, into.data(), into.size(), 0));
  if (bytes > 0) {
    // A short read has drained the socket: the next bytes bring an edge of their own. Not so the
    // FIN that came with these, whose edge has passed.
    const auto count = static_cast<std::size_t>(bytes);
    if (count < into.size() && !watch_.half_closed && !watch_.broken) watch_.can_read = false;
    return {IoStatus::ok, count};
  }
  if (bytes == 0) return {IoStatus::end, 0};
  if (errno == EAGAIN) {
    watch_.can_read = false;
    return {IoStatus::would_block, 0};
  }
  watch_.broken = true;
  return {IoStatus::failed, 0};
}

IoResult Stream::write(std::span<const iovec> pieces) {
  if (leads_nowhere_) return {IoStatus::ok, bytes_of(pieces)};
  if (ssl_ != nullptr) {
    const auto first = std::find_if(pieces.begin(), pieces.end(),
                                    [](const iovec& piece) { return piece.iov_len > 0; });
    if (first == pieces.end()) return {IoStatus::ok, 0};
    ERR_clear_error();
    std::size_t bytes = 0;
    const int result = SSL_write_ex(ssl_.get(), first->iov_base, first->iov_len, &bytes);
    if (result == 1) return {IoStatus::ok, bytes};
    return {status_of_tls(result, true), 0};
  }
  const ssize_t bytes = send_pieces(watch_.fd, pieces);
  if (bytes >= 0) return {IoStatus::ok, static_cast<std::size_t>(bytes)};
  if (errno == EAGAIN) {
    watch_.can_write = false;
    return {IoStatus::would_block, 0};
  }
  watch_.broken = true;
  watch_.can_read = true;  // what came before the reset, which may be news to the loop
  return {IoStatus::failed, 0};
}

IoStatus Stream::status_of_tls(int result, bool writing) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: watch_.can_read = false; return IoStatus::would_block;
    case SSL_ERROR_WANT_WRITE: watch_.can_write = false; return IoStatus::would_block;
    case SSL_ERROR_ZERO_RETURN: return writing ? IoStatus::failed : IoStatus::end;
    default: watch_.broken = true; return IoStatus::failed;
  }
}

void Stream::shut_down_writing() {
  if (watch_.fd < 0) return;
  if (ssl_ != nullptr) SSL_shutdown(ssl_.get());
  ::shutdown(watch_.fd, SHUT_WR);
}

void Stream::reset() {
  if (watch_.fd < 0) return;
  const linger now{1, 0};
  ::setsockopt(watch_.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ssl_.reset();
  close();
}

void Stream::close() {
  if (watch_.fd < 0) return;
  const int fd = watch_.fd;
  if (ssl_ != nullptr && !watch_.broken) SSL_shutdown(ssl_.get());
  reactor_.remove(watch_);
  ssl_.reset();
  ::close(fd);
}

}  // namespace tallygate::http
