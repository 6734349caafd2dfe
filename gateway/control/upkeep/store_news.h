#pragma once
// Tells in the log and on the event feed when a database gets into trouble and out of it.

#include "gateway/control/process.h"

namespace tallygate {

class StoreNews {
 public:
  explicit StoreNews(Process process) : process_(process) {}

  /// Once a second, one at a time. True: a disk has just become full, so that it is time to remove
  /// what is past its retention.
  bool look();

 private:
  void tell(const char* database, store::StoreTrouble before, store::StoreTrouble now,
            const std::string& message);

  Process process_;
  store::StoreTrouble journal_ = store::StoreTrouble::none;
  store::StoreTrouble catalog_ = store::StoreTrouble::none;
};

}  // namespace tallygate
