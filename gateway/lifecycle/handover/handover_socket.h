#pragma once
// The unix socket `<store.path>/handover.sock` by which a new gate finds the running one on its
// store. Blocking calls, never a worker's or control's thread. Mode 0600, and both ends check that
// the other runs as the same user (or as root): who may speak here may stop the gate.

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/lifecycle/descriptor.h"
#include "gateway/lifecycle/handover/handover_message.h"

namespace tallygate::lifecycle {

struct Message {
  Word word = Word::done;
  std::string body;
  std::vector<Descriptor> descriptors;
};

/// One end of a conversation.
class HandoverSocket {
 public:
  using Patience = std::optional<std::chrono::milliseconds>;  ///< nullopt = until the peer is gone

  HandoverSocket() = default;
  explicit HandoverSocket(Descriptor connected);

  /// Errors: storage_unavailable, all of them: the peer is gone, not in time, or says nonsense.
  Result<void> send(Word word, std::string_view body = {}, std::span<const int> descriptors = {});
  Result<Message> receive(Patience patience);
  /// The message must be a `wanted`; a `refused` becomes an error with the peer's reason.
  Result<Message> expect(Word wanted, Patience patience);
  /// Whether receive() has something to read by then: a message, or the end.
  bool is_readable_within(std::chrono::milliseconds patience) const;
  /// Any thread: whoever waits in receive() finds the end.
  void shut_down() const;
  /// SIGKILL to the process at the other end, if it can be named and is still there.
  void end_peer() const;
  bool is_open() const { return fd_.get() >= 0; }

 private:
  Result<void> fill(std::span<char> into, std::vector<Descriptor>& descriptors, Patience patience);

  Descriptor fd_;
  Descriptor peer_;  ///< its process, of which no other one can take the number
};

/// At most this many descriptors go with one message (SCM_MAX_FD is 253).
inline constexpr std::size_t kMostDescriptors = 200;

/// Where the gate on this store listens.
std::string handover_path(const std::string& store_path);

/// not_found: no gate listens there.
Result<HandoverSocket> connect_to_gate(const std::string& store_path);

/// Listens there, in place of whoever did.
Result<Descriptor> listen_for_successor(const std::string& store_path);
/// The next peer, or nullopt when `stop` (an eventfd) was written to. Strangers are closed.
std::optional<HandoverSocket> accept_peer(int listener, int stop);

}  // namespace tallygate::lifecycle
