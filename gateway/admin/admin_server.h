#pragma once
// The admin listener, plain or TLS: one coroutine per connection on the control thread; each answer
// is made (and compressed) on the pool, because it may read the journal. An answer of type
// text/event-stream has no body of its own: the event feed is sent in its place.

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <functional>

#include "gateway/admin/admin_request.h"
#include "gateway/api/admin.h"
#include "gateway/api/failed_logins.h"
#include "gateway/events/event_feed.h"
#include "gateway/events/event_stream.h"
#include "gateway/http/asio.h"

namespace tallygate {

struct AdminOptions {
  std::function<Moment()> now;
  /// For the next connection; null, or no function = plain.
  std::function<http::TlsContext()> tls = {};
  /// For the next connection; without it, the defaults.
  std::function<AdminLimits()> limits = {};
  /// Whether the caller is one whose large body is read; without it, everyone is.
  std::function<bool(const http::RequestHead&)> admits = {};
  EventFeed* events = nullptr;  ///< outlives the loop; null = there is nothing to stream
  /// How often an idle event stream says that it is alive.
  std::chrono::milliseconds heartbeat{15'000};
};

class AdminServer {
 public:
  using Answer = std::function<api::AdminResponse(const api::AdminRequest&)>;

  /// Takes over `listener`. `answer` is called on the pool.
  AdminServer(asio::io_context& io, asio::thread_pool& pool, int listener, Answer answer,
              AdminOptions options);

  void start();
  /// From now on connections wait in the listener, until start().
  void pause();
  /// Takes no more connections and ends the event feed.
  void stop();

  /// Any thread. Wrong tokens since the start, and tries that were not looked at because of them.
  std::uint64_t failed_logins() const { return failed_logins_; }
  /// Any thread.
  std::uint64_t connections() const { return connections_; }

 private:
  Awaitable<void> accept_loop();
  Awaitable<void> serve(TcpSocket socket, AdminLimits limits);
  Awaitable<void> serve_requests(AdminStream& stream, const AdminLimits& limits);
  /// True: the connection's next request may be read.
  Awaitable<bool> answer_one(AdminStream& stream, const AdminIncoming& in,
                             const AdminLimits& limits);
  Awaitable<api::AdminResponse> make_answer(const AdminStream& stream, const AdminIncoming& in);
  Awaitable<void> turn_away(TcpSocket socket);
  Awaitable<void> refuse(AdminStream& stream, const Error& error, const AdminLimits& limits);

  asio::io_context& io_;
  asio::thread_pool& pool_;
  TcpAcceptor acceptor_;
  Answer answer_;
  AdminOptions options_;
  api::FailedLogins logins_;
  std::shared_ptr<std::size_t> held_bytes_ = std::make_shared<std::size_t>(0);
  std::atomic<std::uint64_t> connections_{0};
  int turned_away_ = 0;  ///< connections beyond the limit that are being told so
  std::atomic<std::uint64_t> failed_logins_{0};
};

}  // namespace tallygate
