#pragma once
// The running gate's side of a handover: waits at `<store.path>/handover.sock` for the gate that
// will come after it, and takes the last records of the one before. Threads of its own, which may
// block.

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "gateway/lifecycle/handover/handover_socket.h"
#include "gateway/lifecycle/handover/record_shipper.h"
#include "gateway/lifecycle/listeners.h"
#include "store/catalog/catalog_lease.h"
#include "store/journal/journal.h"

namespace tallygate::lifecycle {

/// What the gate does with itself; called on the server's thread, and may block.
struct HandoverActions {
  /// Empty when the gate is about to stop: it refuses.
  std::function<Listeners()> listeners;
  std::function<void()> pause_accepting;  ///< returns once no worker accepts
  std::function<void()> resume_accepting;
  std::function<void()> leave;  ///< the other one accepts: serve what is under way, then stop
  /// Of a successor that holds the store and does not go on.
  std::function<void(const HandoverSocket&)> end = [](const auto& peer) { peer.end_peer(); };
};

/// How long this gate goes without its store for the next one's sake.
struct HandoverPatience {
  /// New connections wait this long; then this gate accepts them, and its records wait.
  std::chrono::milliseconds silence{1'000};
  /// For the successor to open the store, and again to serve; less when records pile up.
  std::chrono::milliseconds successor{15'000};
  /// For one that was too late to end by itself.
  std::chrono::milliseconds grace{2'000};
};

struct HandoverStore {
  std::string path;
  store::JournalOptions journal_options;
  store::Journal& journal;
  store::Names& names;
  store::CatalogLease& catalog;
};

class HandoverServer {
 public:
  HandoverServer(HandoverStore store, HandoverActions actions, HandoverPatience patience = {});
  ~HandoverServer();

  /// From now on a successor finds this gate. Errors: storage_unavailable.
  Result<void> start();
  /// This gate accepts: tells the one before so, and takes its records until it is done; a thread
  /// of its own.
  void take_records_from(HandoverSocket predecessor);

  /// No handover begins any more; waits for one that is under way, and for the gates before to be
  /// done, these at most `patience`. Call it before the journal is closed.
  void stop(std::chrono::milliseconds patience);
  /// After the journal is closed: nothing more comes for the successor.
  void finish();
  bool has_handed_over() const { return shipper_ != nullptr; }

 private:
  /// The thread's body.
  void wait_for_successor();
  /// Records, or a successor that may ask for the store. True: it is its now.
  bool talk_to(HandoverSocket peer);
  /// What the peer says next, unless the gate stops before.
  Result<Message> hear(HandoverSocket& peer, std::chrono::milliseconds patience);
  /// True: the store is another's.
  bool hand_over(HandoverSocket& successor);
  bool greet(HandoverSocket& successor, const Message& first);
  /// True: the successor has the store, and accepts.
  bool lend_store(HandoverSocket& successor);
  /// The successor's next word; on the way this gate begins to accept again.
  Result<void> wait_for(HandoverSocket& successor, Word word);
  bool records_pile_up() const;
  void resume();
  /// Until it is back or this gate stops.
  void take_store_back(HandoverSocket successor);
  /// `take` until it has worked; ends the successor when that takes long. False: this gate stops.
  bool insist(const std::function<Result<void>()>& take, const HandoverSocket& successor);
  void leave_to(HandoverSocket successor);
  void serve_records(std::list<HandoverSocket>::iterator from, std::string first_body);
  void spawn_intake(HandoverSocket from, std::string first_body);
  bool is_stopping();

  HandoverStore store_;
  HandoverActions actions_;
  const HandoverPatience patience_;
  bool is_paused_ = false;
  Descriptor listener_;
  Descriptor stop_;  ///< an eventfd
  std::thread thread_;
  std::unique_ptr<RecordShipper> shipper_;

  std::mutex mutex_;  ///< of what follows
  std::condition_variable intake_ended_;
  bool stopping_ = false;
  const HandoverSocket* heard_ = nullptr;  ///< who is listened to, with nothing begun
  std::list<HandoverSocket> predecessors_;
  std::vector<std::thread> intakes_;
};

}  // namespace tallygate::lifecycle
