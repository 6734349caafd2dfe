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
          s.failures_in_row.load(std::memory_order_relaxed),
          from_rep(s.cooling_until.load(std::memory_order_relaxed)),
          s.on_trial.load(std::memory_order_relaxed)};
}

router::HealthView HealthBoard::view() const {
  return {this, [](const void* board, router::TargetSlot slot) {
            return static_cast<const HealthBoard*>(board)->state(slot);
          }};
}

bool HealthBoard::may_enter(router::TargetSlot slot, SteadyTime now, Trial& trial) {
  const auto standing = router::standing_of(state(slot), now);
  if (standing != router::Standing::recovering) return standing == router::Standing::fit;
  Slot& s = at(slot);
  if (s.on_trial.exchange(true, std::memory_order_acquire)) return false;
  Trial mine(s.on_trial);
  // The trial before this one may have ended between the two looks.
  const auto verdict = router::standing_of(state(slot), now);
  if (verdict != router::Standing::recovering) return verdict == router::Standing::fit;
  trial = std::move(mine);
  return true;
}

bool HealthBoard::succeeded(router::TargetSlot slot, SteadyTime began) {
  Slot& s = at(slot);
  if (s.refusals.load(std::memory_order_relaxed) != 0) s.refusals.store(0);
  if (s.failures_in_row.load(std::memory_order_relaxed) == 0) return false;
  const std::lock_guard lock(failing_);
  const bool by_hand = s.by_hand.load(std::memory_order_relaxed);
  const bool was_benched = s.benched_until.load(std::memory_order_relaxed) != 0 && !by_hand;
  if (was_benched && began < from_rep(s.benched_since.load(std::memory_order_relaxed))) {
    return false;
  }
  s.failures_in_row.store(0, std::memory_order_relaxed);
  if (!by_hand) s.benched_until.store(0, std::memory_order_relaxed);
  return was_benched;
}

void HealthBoard::clear(Slot& s) {
  s.failures_in_row.store(0, std::memory_order_relaxed);
  s.benched_until.store(0, std::memory_order_relaxed);
  s.cooling_until.store(0, std::memory_order_relaxed);
  s.next_alarm.store(0, std::memory_order_relaxed);
  s.refusals.store(0, std::memory_order_relaxed);
  s.by_hand.store(false, std::memory_order_relaxed);
}

void HealthBoard::pardon(router::TargetSlot slot) {
  const std::lock_guard lock(failing_);
  clear(at(slot));
}

bool HealthBoard::pardon_bench(router::TargetSlot slot, SteadyTime benched_until) {
  const std::lock_guard lock(failing_);
  Slot& s = at(slot);
  if (s.by_hand.load(std::memory_order_relaxed) || to_rep(benched_until) == 0 ||
      s.benched_until.load(std::memory_order_relaxed) != to_rep(benched_until)) {
    return false;
  }
  clear(s);
  return true;
}

void HealthBoard::bench(router::TargetSlot slot, SteadyTime now, SteadyTime until) {
  put(slot, {until, 0}, now, true);
}

void HealthBoard::restore(router::TargetSlot slot, router::HealthState state, SteadyTime now) {
  put(slot, state, now, false);
}

void HealthBoard::put(router::TargetSlot slot, router::HealthState state, SteadyTime now,
                      bool by_hand) {
  const std::lock_guard lock(failing_);
  Slot& s = at(slot);
  s.failures_in_row.store(state.failures_in_row, std::memory_order_relaxed);
  s.benched_since.store(to_rep(now), std::memory_order_relaxed);
  s.benched_until.store(to_rep(state.benched_until), std::memory_order_relaxed);
  s.by_hand.store(by_hand, std::memory_order_relaxed);
}

bool HealthBoard::is_benched_by_hand(router::TargetSlot slot) const {
  return at(slot).by_hand.load(std::memory_order_relaxed);
}

bool HealthBoard::failed(router::TargetSlot slot, SteadyTime began, SteadyTime now,
                         const config::Blacklist& rules) {
  const std::lock_guard lock(failing_);
  Slot& s = at(slot);
  auto before = state(slot);
  if (s.by_hand.load(std::memory_order_relaxed)) {
    if (before.benched_until > now) return false;
    s.by_hand.store(false, std::memory_order_relaxed);
    s.benched_until.store(0, std::memory_order_relaxed);
    before.benched_until = {};
  }
  const auto after = router::after_failure(before, began, now, rules);
  s.failures_in_row.store(after.failures_in_row, std::memory_order_relaxed);
  if (after.benched_until <= before.benched_until) return false;
  s.benched_since.store(to_rep(now), std::memory_order_relaxed);
  s.benched_until.store(to_rep(after.benched_until), std::memory_order_relaxed);
  return true;
}

void HealthBoard::cool_down(router::TargetSlot slot, SteadyTime until) {
  auto& cooling = at(slot).cooling_until;
  SteadyTime::rep known = cooling.load(std::memory_order_relaxed);
  while (known < to_rep(until) &&
         !cooling.compare_exchange_weak(known, to_rep(until), std::memory_order_relaxed)) {
  }
}

std::optional<std::uint32_t> HealthBoard::misconfigured(router::TargetSlot slot, SteadyTime now) {
  Slot& s = at(slot);
  const std::uint32_t count = s.refusals.fetch_add(1, std::memory_order_relaxed) + 1;
  SteadyTime::rep due = s.next_alarm.load(std::memory_order_relaxed);
  if (to_rep(now) < due) return std::nullopt;
  if (!s.next_alarm.compare_exchange_strong(due, to_rep(now + kAlarmInterval),
                                            std::memory_order_relaxed)) {
    return std::nullopt;
  }
  return count;
}

std::uint32_t HealthBoard::refusals(router::TargetSlot slot) const {
  return at(slot).refusals.load(std::memory_order_relaxed);
}

std::atomic<std::uint32_t>& HealthBoard::open_connections(router::TargetSlot slot) {
  return at(slot).open_connections;
}

}  // namespace tallygate
