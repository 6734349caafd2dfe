#pragma once
// Waiting on behalf of a client: whatever a request waits for, it stops when its client leaves or
// its time is up.

#include <optional>

#include "base/error.h"
#include "gateway/http/loop/parking.h"
#include "gateway/http/loop/stream.h"

namespace tallygate::http {

struct Waiter {
  Parking& parking;
  const Stream& client;
  bool half_close_is_abort = true;
  const bool* given_up = nullptr;  ///< set from outside: the answer is not wanted any more

  bool client_gone() const {
    return client.peer_gone(half_close_is_abort) || (given_up != nullptr && *given_up);
  }

  /// To be asked after each park(): why not to go on waiting, if so.
  std::optional<Errc> interrupted(Errc on_deadline) const {
    if (client_gone()) return Errc::client_abort;
    if (parking.expired()) return on_deadline;
    return std::nullopt;
  }
};

}  // namespace tallygate::http
