#pragma once
// What the threads of one simulator share: counts, the last request, the faults of the process.
// Thread-safe; also renders the answers of /simulator/*.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "bench/model_simulator/faults.h"
#include "bench/model_simulator/reply.h"
#include "bench/model_simulator/request.h"

namespace tallygate::simulator {

class Board {
 public:
  /// `fail_first` 0: `faults` hold for every request; else for the first so many since a reset.
  Board(Faults faults, std::uint64_t fail_first);

  std::atomic<std::uint64_t> requests{0};  ///< without those to /simulator/*
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::int64_t> connections_open{0};
  std::atomic<std::int64_t> streams_open{0};
  std::atomic<std::uint64_t> aborted{0};  ///< the client left before its answer was complete

  /// Keeps `request` as the last one and hands back the memory of the one before in its place.
  void remember(Request& request, const Occasion& occasion);

  /// Faults of request `number` as the process has them.
  Faults faults_for(std::uint64_t number) const;
  void change_faults(Faults faults);

  /// Counts from zero, forgets the last request; connections and faults stay.
  void reset();

  std::string render_last() const;
  std::string render_stats() const;

 private:
  mutable std::mutex mutex_;
  Request last_;
  Occasion last_occasion_;
  Faults faults_;
  std::atomic<bool> any_faults_;
  const std::uint64_t fail_first_;
};

}  // namespace tallygate::simulator
