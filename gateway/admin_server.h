#pragma once
// The admin listener: HTTP by Beast, one coroutine per connection on the control thread; each
// answer is made (and compressed) on the pool, because it may read the journal. An answer of type
// text/event-stream has no body of its own: the event feed is sent in its place.

#include <boost/asio/thread_pool.hpp>
#include <functional>

#include "gateway/api/admin.h"
#include "gateway/events/event_feed.h"
#include "gateway/events/event_stream.h"
#include "gateway/http/asio.h"

namespace tallygate {

class AdminServer {
 public:
  using Answer = std::function<api::AdminResponse(const api::AdminRequest&)>;

  /// How often an idle event stream says that it is alive.
  static constexpr std::chrono::milliseconds kHeartbeat{15'000};

  /// Takes over `listener`. `answer` is called on the pool. `events` outlives `io`; without it
  /// there is nothing to stream.
  AdminServer(asio::io_context& io, asio::thread_pool& pool, int listener, Answer answer,
              EventFeed* events = nullptr, std::chrono::milliseconds heartbeat = kHeartbeat);

  void start();
  /// Takes no more connections and ends the event feed.
  void stop();

 private:
  Awaitable<void> accept_loop();
  Awaitable<void> serve(TcpSocket socket);
  /// True: the connection's next request may be read.
  Awaitable<bool> answer_one(AdminStream& stream, const http::RequestHead& head,
                             std::string_view body);

  asio::io_context& io_;
  asio::thread_pool& pool_;
  TcpAcceptor acceptor_;
  Answer answer_;
  EventFeed* events_;
  std::chrono::milliseconds heartbeat_;
  int connections_ = 0;
};

}  // namespace tallygate
