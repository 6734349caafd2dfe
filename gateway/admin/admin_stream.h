#pragma once
// One connection of the admin listener, plain or TLS; every wait ends in time. Control's loop.

#include <chrono>
#include <memory>
#include <string_view>

#include "base/time.h"
#include "gateway/http/asio.h"
#include "gateway/http/loop/tls.h"

namespace tallygate {

class AdminStream {
 public:
  /// `tls` null = plain; it is kept until the connection ends, whatever is loaded meanwhile.
  AdminStream(TcpSocket socket, http::TlsContext tls);

  /// False: no TLS was agreed on. Done at once on a plain connection.
  Awaitable<bool> shake_hands(std::chrono::milliseconds patience);
  /// 0: the connection has ended, or nothing came before `deadline`; timed_out() tells which.
  Awaitable<std::size_t> read_some(asio::mutable_buffer into, SteadyTime deadline);
  bool timed_out() const { return timed_out_; }
  /// Whole. False: the client is gone, or does not read within `patience`.
  Awaitable<bool> write(std::string_view bytes, std::chrono::milliseconds patience);
  /// Says that nothing follows.
  Awaitable<void> finish();
  /// Reads and drops what the client still sends, for a while: closing on unread bytes would send
  /// a reset that can overtake our answer.
  Awaitable<void> linger();

  /// The client's address; unspecified when it has gone already.
  asio::ip::address peer() const { return peer_; }

 private:
  using Secured = asio::ssl::stream<TcpSocket&>;
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;

  /// What is under way is cancelled at the timer's time, and the socket stays open for an answer.
  void start_timer();
  void stop_timer();

  TcpSocket plain_;
  Timer timer_;
  std::shared_ptr<int> turn_ = std::make_shared<int>(0);  ///< of waits, so that a late one is known
  http::TlsContext tls_;
  std::unique_ptr<Secured> secured_;
  asio::ip::address peer_;
  bool timed_out_ = false;
};

}  // namespace tallygate
