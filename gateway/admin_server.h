#pragma once
// The admin listener: HTTP by Beast, one coroutine per connection on the control thread; each
// answer is made on the pool, because it may read the journal.

#include <boost/asio/thread_pool.hpp>
#include <functional>

#include "gateway/api/admin.h"
#include "gateway/http/asio.h"

namespace tallygate {

class AdminServer {
 public:
  using Answer = std::function<api::AdminResponse(const api::AdminRequest&)>;

  /// Takes over `listener`. `answer` is called on the pool.
  AdminServer(asio::io_context& io, asio::thread_pool& pool, int listener, Answer answer);

  void start();
  void stop();

 private:
  Awaitable<void> accept_loop();
  Awaitable<void> serve(TcpSocket socket);

  asio::io_context& io_;
  asio::thread_pool& pool_;
  TcpAcceptor acceptor_;
  Answer answer_;
  int connections_ = 0;
};

}  // namespace tallygate
