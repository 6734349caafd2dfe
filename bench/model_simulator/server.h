#pragma once
// One epoll loop with its own listening socket. Run one per thread; they share only the Board.

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "bench/model_simulator/board.h"
#include "bench/model_simulator/connection.h"
#include "bench/model_simulator/profile.h"

namespace tallygate::simulator {

/// Opens a listening socket that others may share (SO_REUSEPORT). Port 0: the system chooses.
Result<int> open_listener(const std::string& address, std::uint16_t port);
Result<std::uint16_t> port_of(int listener);

struct Deadline {
  SteadyTime at;
  int slot = -1;
  std::uint32_t generation = 0;
  bool operator>(const Deadline& other) const { return at > other.at; }
};

/// Deadlines of one event loop, soonest first. Nothing is ever taken out early: the owner checks by
/// generation whether a deadline still means something.
class Timers {
 public:
  void add(const Deadline& deadline) { heap_.push(deadline); }

  std::optional<Deadline> take_due(SteadyTime now) {
    if (heap_.empty() || heap_.top().at > now) return std::nullopt;
    const Deadline due = heap_.top();
    heap_.pop();
    return due;
  }

  /// Milliseconds until the next one, rounded up, for epoll_wait; -1 = none.
  int wait_ms(SteadyTime now) const {
    if (heap_.empty()) return -1;
    if (heap_.top().at <= now) return 0;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(heap_.top().at - now).count();
    return left > 60'000 ? 60'000 : static_cast<int>(left);
  }

 private:
  std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>> heap_;
};

class Server {
 public:
  /// Takes `listener`. `stop` is an eventfd: readable means stop. `tls` may be null.
  Server(const Profile& profile, Board& board, int listener, int stop, SSL_CTX* tls);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Until `stop` is readable.
  void run();

 private:
  void accept_all();
  void on_event(int fd, std::uint32_t generation, std::uint32_t events);
  /// Moves a connection on as far as it goes now. May destroy it.
  void service(Connection& connection);
  bool flush(Connection& connection);
  bool take_input(Connection& connection);
  void after_feed(Connection& connection);
  void begin(Connection& connection);
  void begin_own(Connection& connection, Endpoint endpoint, const Request& request, Reply& reply);
  void advance(Connection& connection);
  bool end_reply(Connection& connection);
  void wake_later(Connection& connection, SteadyTime at);
  void abort(Connection& connection);
  void close(Connection& connection);
  Connection* find(int fd, std::uint32_t generation);

  const Profile& profile_;
  Board& board_;
  SSL_CTX* tls_;
  int listener_;
  int stop_;
  int epoll_;
  SteadyTime now_;
  Timers timers_;
  std::vector<std::unique_ptr<Connection>> slots_;  ///< by descriptor
  std::uint32_t generations_ = 0;
  std::vector<char> input_;
};

}  // namespace tallygate::simulator
