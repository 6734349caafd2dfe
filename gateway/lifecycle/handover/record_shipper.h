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

  /// True: all of them are committed, once. A successor that dies is no loss: then they go to
  /// whoever owns the store now, or are written here. Blocking; the journal thread's. False, after
  /// kPatience, if the store is open elsewhere and nobody answers for it.
  bool ship(std::span<const router::Record* const> records);
  /// Nothing more comes.
  void finish();

 private:
  bool ship_to_successor(const std::string& body);
  bool write_here(const std::string& body) const;

  HandoverSocket successor_;
  const store::Names& names_;
  const std::string store_path_;
  const store::JournalOptions own_;
};

}  // namespace tallygate::lifecycle
