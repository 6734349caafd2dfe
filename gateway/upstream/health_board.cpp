#include "gateway/upstream/health_board.h"

#include "base/assert.h"

namespace tallygate {
namespace {

SteadyTime from_rep(SteadyTime::rep rep) { return SteadyTime{SteadyTime::duration{rep}}; }
SteadyTime::rep to_rep(SteadyTime time) { return time.time_since_epoch().count(); }

}  // namespace

HealthBoard::~HealthBoard() {
  for (auto& chunk : chunks_) delete chunk.load();
}

void HealthBoard::ensure(router::TargetSlot slot) {
  TG_ASSERT(slot / kChunk < kMaxChunks);
  auto& chunk = chunks_[slot / kChunk];
  if (chunk.load(std::memory_order_acquire) == nullptr) {
    chunk.store(new Chunk, std::memory_order_release);
  }
}

HealthBoard::Slot& HealthBoard::at(router::TargetSlot slot) const {
  Chunk* chunk = chunks_[slot / kChunk].load(std::memory_order_acquire);
  TG_ASSERT(chunk != nullptr);
  return (*chunk)[slot % kChunk];
}

router::HealthState HealthBoard::state(router::TargetSlot slot) const {
  const Slot& s = at(slot);
  return {from_rep(s.benched_until.load(std::memory_order_relaxed)),
          s.failures_in_row.load(std::memory_order_relaxed)};
}

router::HealthView HealthBoard::view() const {
  return {this, [](const void* board, router::TargetSlot slot) {
            return static_cast<const HealthBoard*>(board)->state(slot);
          }};
}

void HealthBoard::succeeded(router::TargetSlot slot) {
  Slot& s = at(slot);
  if (s.failures_in_row.load(std::memory_order_relaxed) == 0) return;
  const std::lock_guard lock(failing_);
  s.failures_in_row.store(0, std::memory_order_relaxed);
  if (!s.by_hand.load(std::memory_order_relaxed)) {
    s.benched_until.store(0, std::memory_order_relaxed);
  }
}

void HealthBoard::pardon(router::TargetSlot slot) {
  const std::lock_guard lock(failing_);
  Slot& s = at(slot);
  s.failures_in_row.store(0, std::memory_order_relaxed);
  s.benched_until.store(0, std::memory_order_relaxed);
  s.by_hand.store(false, std::memory_order_relaxed);
}

void HealthBoard::bench(router::TargetSlot slot, SteadyTime now, SteadyTime until) {
  restore(slot, {until, 0}, now);
  at(slot).by_hand.store(true, std::memory_order_relaxed);
}

void HealthBoard::restore(router::TargetSlot slot, router::HealthState state, SteadyTime now) {
  const std::lock_guard lock(failing_);
  Slot& s = at(slot);
  s.failures_in_row.store(state.failures_in_row, std::memory_order_relaxed);
  s.benched_since.store(to_rep(now), std::memory_order_relaxed);
  s.benched_until.store(to_rep(state.benched_until), std::memory_order_relaxed);
  s.by_hand.store(false, std::memory_order_relaxed);
}

bool HealthBoard::is_benched_by_hand(router::TargetSlot slot) const {
  return at(slot).by_hand.load(std::memory_order_relaxed);
}

bool HealthBoard::failed(router::TargetSlot slot, SteadyTime began, SteadyTime now,
                         const config::Blacklist& rules) {
  const std::lock_guard lock(failing_);
  Slot& s = at(slot);
  const auto before = state(slot);
  const auto after = router::after_failure(
      before, from_rep(s.benched_since.load(std::memory_order_relaxed)), began, now, rules);
  s.failures_in_row.store(after.failures_in_row, std::memory_order_relaxed);
  if (after.benched_until <= before.benched_until) return false;
  s.benched_since.store(to_rep(now), std::memory_order_relaxed);
  s.benched_until.store(to_rep(after.benched_until), std::memory_order_relaxed);
  s.by_hand.store(false, std::memory_order_relaxed);
  return true;
}

std::atomic<std::uint32_t>& HealthBoard::open_connections(router::TargetSlot slot) {
  return at(slot).open_connections;
}

}  // namespace tallygate
