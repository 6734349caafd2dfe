#pragma once
// The new gate's side of a handover: the gate that runs on the store now, until it has let go.
// Blocking; before there are workers.

#include <optional>
#include <string>

#include "gateway/lifecycle/handover/handover_socket.h"
#include "gateway/lifecycle/listeners.h"

namespace tallygate::lifecycle {

class Predecessor {
 public:
  /// nullopt: no gate runs there. One that is about to hand over to another is waited for.
  static Result<std::optional<Predecessor>> find(const std::string& store_path);

  const Listeners& listeners() const { return listeners_; }
  /// When it returns, the databases may be opened.
  Result<void> ask_for_store();
  /// The store is open and all is prepared. An error: the other one has taken it back, so that this
  /// process must end.
  Result<void> tell_ready();
  /// What is left to say is that this process serves, and to hear its last records.
  HandoverSocket into_socket() && { return std::move(socket_); }

 private:
  Predecessor(HandoverSocket socket, Listeners listeners)
      : socket_(std::move(socket)), listeners_(std::move(listeners)) {}
  static Result<Predecessor> begin(HandoverSocket socket);

  HandoverSocket socket_;
  Listeners listeners_;
};

}  // namespace tallygate::lifecycle
