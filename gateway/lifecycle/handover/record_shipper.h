#pragma once
// Sends the last records of this gate to the one that has taken the store over.

#include <atomic>
#include <span>
#include <string>

#include "gateway/lifecycle/handover/handover_socket.h"
#include "store/journal/journal.h"

namespace tallygate::lifecycle {

class RecordShipper {
 public:
  /// `own` is how this gate had the store open.
  RecordShipper(HandoverSocket successor, const store::Names& names, std::string store_path,
                store::JournalOptions own);

  /// True: all of them are committed, once, and what was started is counted. A successor that dies
  /// is no loss: then they go to whoever owns the store now, or are written here. One that does not
  /// answer is waited for. Blocking; the journal thread's. False: the store is open elsewhere and
  /// nobody answers for it, for kPatience, or once hurry() was called for a shorter one.
  bool ship(std::span<const router::Record* const> records,
            std::span<const store::Started> started);
  /// Any thread: this gate ends, and who does not answer by now has little time left.
  void hurry() { hurried_.store(true); }
  /// Nothing more comes.
  void finish();

 private:
  bool ship_to_successor(const std::string& body);
  bool wait_for_answer();
  bool write_here(const std::string& body) const;

  HandoverSocket successor_;
  const store::Names& names_;
  const std::string store_path_;
  const store::JournalOptions own_;
  std::atomic<bool> hurried_{false};
  int looks_in_a_hurry_ = 0;
};

}  // namespace tallygate::lifecycle
