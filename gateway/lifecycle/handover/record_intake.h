#pragma once
// Takes the last records of a gate that drains into the journal of the one that owns the store.

#include <condition_variable>
#include <mutex>
#include <string_view>

#include "base/result.h"
#include "store/journal/journal.h"

namespace tallygate::lifecycle {

class RecordIntake {
 public:
  /// Both must outlive it. One thread's.
  RecordIntake(store::Journal& journal, store::Names& names);
  ~RecordIntake();
  RecordIntake(const RecordIntake&) = delete;
  RecordIntake& operator=(const RecordIntake&) = delete;

  /// The body of a `records` message. When it returns its records are committed; those that were
  /// sent before and are in the journal are left out. Errors: storage_corrupt.
  Result<void> take(std::string_view body);

 private:
  store::Journal& journal_;
  store::Names& names_;
  std::mutex mutex_;
  std::condition_variable committed_;
  store::Journal::Producer& producer_;
};

}  // namespace tallygate::lifecycle
