#pragma once
// Edge-triggered readiness of sockets: each is registered once for its whole life and its state is
// kept as flags, so that a read or write that cannot succeed is never tried and nothing is
// re-armed. That is two system calls per request fewer than Asio's reactor needs (docs/adr/0002).
// One per worker; everything but interrupt() is for the worker's thread.

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <span>

#include "gateway/http/loop/parking.h"

namespace tallygate::http {

/// One registered descriptor. Embedded in its owner, which must outlive the registration.
struct Watch {
  int fd = -1;
  bool can_read = false;     ///< a read may give something (or the end)
  bool can_write = false;    ///< a write may take something
  bool half_closed = false;  ///< the peer sends no more (FIN seen)
  bool broken = false;       ///< reset, or closed in both directions
  Parking* owner = nullptr;  ///< woken on every event; null = nobody waits
};

class Reactor {
 public:
  Reactor();
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  void add(Watch& watch, int fd);
  /// A listening socket that several may watch: a connection wakes one of them.
  void add_listener(Watch& watch, int fd);
  /// Before the descriptor is closed or the Watch goes.
  void remove(Watch& watch);

  /// Waits at most `timeout` for events.
  void wait(std::chrono::milliseconds timeout);
  /// Notes what wait() found and wakes the owners.
  void dispatch();

  /// From any thread: ends the current or next wait().
  void interrupt();

 private:
  static constexpr std::size_t kBatch = 256;

  void note(const epoll_event& event);

  int epoll_ = -1;
  int wake_up_ = -1;
  std::array<epoll_event, kBatch> events_{};
  std::span<epoll_event> pending_;  ///< of the batch being dispatched
};

}  // namespace tallygate::http
