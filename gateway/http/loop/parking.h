#pragma once
// Where a coroutine sleeps. A connection has one Parking; whatever it waits for (its socket, the
// upstream's, a deadline, the journal) wakes the same one, and the sleeper looks at its flags to
// see what happened: a wake without a reason costs one look. Wakes of a coroutine that is not
// asleep are dropped. One worker's thread only.

#include <boost/intrusive/list.hpp>
#include <coroutine>
#include <utility>
#include <vector>

#include "base/time.h"
#include "gateway/http/loop/task.h"

namespace tallygate::http {

inline constexpr SteadyTime kNever = SteadyTime::max();

class Parking : public boost::intrusive::list_base_hook<
                    boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  Parking() = default;
  Parking(const Parking&) = delete;
  Parking& operator=(const Parking&) = delete;

  /// Suspends the calling coroutine until wake().
  auto park() {
    struct Sleep {
      Parking& parking;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> sleeper) const noexcept {
        parking.sleeper_ = sleeper;
      }
      void await_resume() const noexcept {}
    };
    return Sleep{*this};
  }

  /// Resumes the sleeper, inside this call.
  void wake() {
    if (sleeper_) std::exchange(sleeper_, nullptr).resume();
  }

  bool parked() const { return sleeper_ != nullptr; }

  /// The coarse deadline: Deadlines wakes the sleeper at the first tick after it, once.
  void wake_at(SteadyTime when) {
    deadline_ = when;
    expired_ = false;
  }
  void clear_deadline() { wake_at(kNever); }
  SteadyTime deadline() const { return deadline_; }
  bool expired() const { return expired_; }
  void expire() {
    deadline_ = kNever;
    expired_ = true;
  }

 private:
  std::coroutine_handle<> sleeper_;
  SteadyTime deadline_ = kNever;
  bool expired_ = false;
};

/// The worker's coarse deadline list: one walk over all parkings per tick instead of a timer per
/// operation.
class Deadlines {
 public:
  static constexpr std::chrono::milliseconds kTick{100};

  void add(Parking& parking) { list_.push_back(parking); }
  bool empty() const { return list_.empty(); }
  /// Wakes everyone whose deadline has passed.
  void tick(SteadyTime now);
  /// Wakes everyone as if their deadline had passed: the end of a drain.
  void expire_all() { tick(kNever); }
  /// Wakes everyone without a reason: they look at what has changed.
  void wake_all();

 private:
  using List = boost::intrusive::list<Parking, boost::intrusive::constant_time_size<false>>;

  List list_;
};

/// The fine deadline list, for the few that sleep less than a tick: looked at every kTick while it
/// is not empty. Whoever sleeps here removes itself when it is done.
class Sleepers {
 public:
  static constexpr std::chrono::milliseconds kTick{5};

  void add(Parking& parking, SteadyTime until) { list_.push_back({&parking, until}); }
  void remove(Parking& parking);
  bool empty() const { return list_.empty(); }
  void tick(SteadyTime now);

 private:
  struct Entry {
    Parking* parking;
    SteadyTime until;
  };
  std::vector<Entry> list_;
};

}  // namespace tallygate::http
