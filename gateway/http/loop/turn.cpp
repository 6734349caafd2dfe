#include "gateway/http/loop/turn.h"

namespace tallygate::http {

Task<void> next_turn(EventLoop& loop, Parking& parking) {
  // Later than now, or this turn would wake it again.
  loop.sleepers.add(parking, loop.now.steady + SteadyTime::duration{1});
  loop.reactor.interrupt();
  co_await parking.park();
  loop.sleepers.remove(parking);
}

}  // namespace tallygate::http
