#pragma once
// The state of one client connection: a socket, maybe TLS, the request being read, the answer
// being sent. About 400 bytes plus what is unsent, so that thousands of idle streams cost little.

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "bench/model_simulator/reply.h"
#include "bench/model_simulator/request.h"

namespace tallygate::simulator {

/// A connected non-blocking socket, plain or TLS. Owns the descriptor.
class Transport {
 public:
  enum class State : std::uint8_t { ok, blocked, closed };
  struct Moved {
    State state = State::ok;
    std::size_t bytes = 0;
  };

  /// `tls` null: plain.
  Transport(int fd, SSL_CTX* tls);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  Moved read(char* into, std::size_t size);
  Moved write(std::string_view bytes);
  /// Makes the coming close an RST.
  void arm_reset();
  /// Says goodbye properly: close_notify under TLS.
  void say_goodbye();
  bool is_tls() const { return ssl_ != nullptr; }
  int fd() const { return fd_; }

 private:
  int fd_;
  SSL* ssl_ = nullptr;
};

struct Connection {
  Connection(int fd, SSL_CTX* tls) : transport(fd, tls) {}

  Transport transport;
  std::uint64_t number = 0;
  std::uint32_t generation = 0;
  bool readable = false;    ///< the socket may hold more input
  bool peer_gone = false;   ///< the client closed or half-closed
  bool discarding = false;  ///< answered early: input is dropped
  bool continued = false;   ///< 100 Continue was sent
  RequestReader reader;
  std::string leftover;  ///< input behind the current request
  std::string out;
  std::size_t sent = 0;  ///< of `out`
  std::unique_ptr<Reply> reply;
  std::optional<After> ending;  ///< how, once `out` is sent
  SteadyTime wake_at{};         ///< the reply goes on then
  SteadyTime drip_at{};         ///< the next byte goes out then
  std::optional<SteadyTime> close_at;
};

}  // namespace tallygate::simulator
