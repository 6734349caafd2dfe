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
  HandoverServer(HandoverStore store, HandoverActions actions);
  ~HandoverServer();

  /// From now on a successor finds this gate. Errors: storage_unavailable.
  Result<void> start();
  /// Takes the records of the gate before until it is done; its own thread.
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
  /// True: the successor has opened the store.
  bool lend_store(HandoverSocket& successor);
  void take_store_back();
  void leave_to(HandoverSocket successor);
  void serve_records(std::list<HandoverSocket>::iterator from, std::string first_body);
  void spawn_intake(HandoverSocket from, std::string first_body);

  HandoverStore store_;
  HandoverActions actions_;
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
