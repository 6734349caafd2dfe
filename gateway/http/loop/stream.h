#pragma once
// One connected socket, plain or TLS, non-blocking. Reads and writes are tried at once; the caller
// parks when they would block. Owns the descriptor. One worker's thread only.

#include <openssl/ssl.h>
#include <sys/uio.h>

#include <memory>
#include <span>

#include "gateway/http/loop/reactor.h"

namespace tallygate::http {

enum class IoStatus : std::uint8_t { ok, would_block, end, failed };

struct IoResult {
  IoStatus status = IoStatus::failed;
  std::size_t bytes = 0;
};

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslHandle = std::unique_ptr<SSL, SslFree>;

class Stream {
 public:
  Stream(Reactor& reactor, int fd);
  /// Leads nowhere until open(): there is nothing to read, and what is written vanishes.
  explicit Stream(Reactor& reactor);
  void open(int fd);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// From here on bytes go through TLS; `ssl` has its role set. Call handshake() until it is done.
  void use_tls(SslHandle ssl);
  bool is_tls() const { return ssl_ != nullptr; }
  /// ok = done, would_block = park and call again.
  IoStatus handshake();

  /// `end` = the peer closed in order; bytes > 0 exactly when `ok`.
  IoResult read(std::span<char> into);
  /// May take only a part; `ok` means at least one byte went (or `pieces` was empty).
  IoResult write(std::span<const iovec> pieces);

  /// The peer cannot take or will not send anything any more.
  bool peer_gone(bool half_close_counts) const {
    return watch_.broken || (half_close_counts && watch_.half_closed);
  }
  bool broken() const { return watch_.broken; }
  /// Something has arrived (or the end has) that was not read yet.
  bool has_input() const { return watch_.can_read || watch_.half_closed; }
  bool can_write() const { return watch_.can_write; }

  void set_owner(Parking* owner) { watch_.owner = owner; }
  int fd() const { return watch_.fd; }

  /// FIN, keeping the reading side: for a lingering close.
  void shut_down_writing();
  /// Closes with RST: the peer must not take a broken message for a whole one.
  void reset();
  void close();

 private:
  IoStatus status_of_tls(int result, bool writing);

  Reactor& reactor_;
  Watch watch_;
  SslHandle ssl_;
  bool leads_nowhere_ = true;
};

}  // namespace tallygate::http
