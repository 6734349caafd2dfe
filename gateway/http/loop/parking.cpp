#include "gateway/http/loop/parking.h"

namespace tallygate::http {

void Deadlines::tick(SteadyTime now) {
  // Waking may end the woken one and any other, so the expired move to a list of their own, from
  // which their destructors unlink them, and each goes back before it is woken.
  List expired;
  for (auto it = list_.begin(); it != list_.end();) {
    Parking& parking = *it++;
    if (parking.deadline() > now) continue;
    parking.unlink();
    expired.push_back(parking);
  }
  while (!expired.empty()) {
    Parking& parking = expired.front();
    parking.unlink();
    list_.push_back(parking);
    parking.expire();
    parking.wake();
  }
}

void Deadlines::wake_all() {
  List all;
  all.swap(list_);
  while (!all.empty()) {
    Parking& parking = all.front();
    parking.unlink();
    list_.push_back(parking);
    parking.wake();
  }
}

void Sleepers::remove(Parking& parking) {
  std::erase_if(list_, [&](const Entry& entry) { return entry.parking == &parking; });
}

void Sleepers::tick(SteadyTime now) {
  // A woken sleeper removes itself, so start over after each.
  for (std::size_t i = 0; i < list_.size();) {
    const Entry entry = list_[i];
    if (entry.until > now) {
      ++i;
      continue;
    }
    remove(*entry.parking);
    entry.parking->wake();
    i = 0;
  }
}

}  // namespace tallygate::http
