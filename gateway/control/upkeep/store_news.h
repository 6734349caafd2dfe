#pragma once
// Tells in the log and on the event feed when a database gets into trouble and out of it.

#include "gateway/control/process.h"

namespace tallygate {

class StoreNews {
 public:
  explicit StoreNews(Process process) : process_(process) {}

  /// Once a second, one at a time.
  void look();

 private:
  void tell(const char* database, store::StoreTrouble before, store::StoreTrouble now,
            const std::string& message);

  Process process_;
  store::StoreTrouble journal_ = store::StoreTrouble::none;
  store::StoreTrouble catalog_ = store::StoreTrouble::none;
};

}  // namespace tallygate
