#pragma once
// What served each unit last, shared by all workers: shards of router/continuity, each with its
// mutex, so that workers seldom meet. Any thread. Only requests for auto pools look here.

#include <array>
#include <mutex>

#include "router/selection/continuity.h"

namespace tallygate {

class ContinuityBook {
 public:
  static constexpr std::size_t kShards = 16;
  static constexpr std::uint32_t kUnits = 256 * 1024;  ///< about 16 MiB when full

  /// `unit_hash` as in router::Assignment; 0 = no unit, nothing is remembered.
  void remember(std::uint64_t unit_hash, router::Served served) {
    if (unit_hash == 0) return;
    Shard& shard = shard_of(unit_hash);
    const std::lock_guard lock(shard.mutex);
    shard.units.remember(unit_hash, served);
  }

  router::Served find(std::uint64_t unit_hash) {
    Shard& shard = shard_of(unit_hash);
    const std::lock_guard lock(shard.mutex);
    return shard.units.find(unit_hash);
  }

 private:
  struct alignas(64) Shard {
    std::mutex mutex;
    router::Continuity units{kUnits / kShards};
  };

  Shard& shard_of(std::uint64_t unit_hash) { return shards_[unit_hash >> 60]; }

  std::array<Shard, kShards> shards_;
};

}  // namespace tallygate
