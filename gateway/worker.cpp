#include "gateway/worker.h"

#include <fmt/chrono.h>

#include "gateway/http/acceptor.h"
#include "gateway/worker_clock.h"

namespace tallygate {
namespace {

/// The coarse tick also bounds how long a drain goes unnoticed.
constexpr std::chrono::milliseconds kTick = http::Deadlines::kTick;
constexpr std::chrono::milliseconds kIdlePatience{5000};
constexpr std::chrono::milliseconds kLastWait{1000};

std::mt19937_64 seeded_dice() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device(),
                     device(), device(), device(), device()};
  return std::mt19937_64(seed);
}

}  // namespace

Worker::Worker(SharedParts shared, std::shared_ptr<const WorkerView> view)
    : metrics(shared.series_limit),
      retry_budget(*shared.retry_floor),
      shared_(std::move(shared)),
      view_(std::move(view)),
      dice_(seeded_dice()) {
  refusals = access::Refusals(dice_());
  journal_ = &shared_.journal.add_producer([this] {
    if (asleep_.load()) loop.reactor.interrupt();
  });
  retry_budget.set_rules(view_->settings->retry);
  loop.now = read_clocks();
}

Worker::~Worker() { journal_->retire(); }

void Worker::run(const std::vector<int>& listeners) {
  loop.now = read_clocks();
  tick();
  for (const int listener : listeners) {
    http::spawn(http::accept_loop(*this, acceptors_.emplace_back(), listener));
  }
  while (turn()) {
  }
  {
    const std::lock_guard lock(inbox_mutex_);
    ended_ = true;
  }
  run_posted();
  for (auto& pool : pools_) {
    if (pool != nullptr) pool->sweep(loop.now.steady, std::chrono::milliseconds{0});
  }
}

bool Worker::turn() {
  journal_->hand_over();
  // The journal looks at this flag after it has published, we look at what it published after we
  // have set it: one of the two sees the other.
  asleep_.store(true);
  commits.settle(journal_->committed(), loop.now.steady);
  journal_->hand_over();
  loop.reactor.wait(time_to_wait());
  asleep_.store(false, std::memory_order_relaxed);
  loop.now = read_clocks();
  run_posted();
  loop.reactor.dispatch();
  commits.settle(journal_->committed(), loop.now.steady);
  if (!loop.sleepers.empty()) loop.sleepers.tick(loop.now.steady);
  if (loop.now.steady >= next_tick_) tick();
  // All that still runs has a place there: sessions, and answers that are read aside.
  if (!draining_ || !loop.deadlines.empty()) return true;
  journal_->hand_over();
  return false;
}

void Worker::run_posted() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(inbox_mutex_);
    tasks.swap(inbox_);
  }
  for (const auto& task : tasks) task();
}

std::chrono::milliseconds Worker::time_to_wait() const {
  if (!commits.empty() || !loop.sleepers.empty()) return http::Sleepers::kTick;
  const auto until_tick =
      std::chrono::ceil<std::chrono::milliseconds>(next_tick_ - loop.now.steady);
  return std::max(until_tick, std::chrono::milliseconds{0});
}

void Worker::tick() {
  next_tick_ = loop.now.steady + kTick;
  const std::time_t second = std::chrono::system_clock::to_time_t(loop.now.wall);
  if (second != date_second_) {
    date_second_ = second;
    date_ = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(second));
  }
  for (router::TargetSlot slot = 0; slot < pools_.size(); ++slot) {
    const auto& pool = pools_[slot];
    if (pool == nullptr) continue;
    const bool is_benched = shared_.health.state(slot).benched_until > loop.now.steady;
    pool->sweep(loop.now.steady,
                is_benched ? config::Duration{0} : view_->settings->timeouts.pool_idle);
    const auto open = static_cast<std::int64_t>(pool->open_here());
    const auto idle = static_cast<std::int64_t>(pool->idle_count());
    metrics.set_upstream_connections(pool->target().address_name, pool->target().port, open - idle,
                                     idle);
  }
  metrics.set_open_client_connections(connections_);
  metrics.set_answers_wait(!commits.degraded());
  loop.deadlines.tick(loop.now.steady);
  follow_pressure();
  if (draining_) tick_drain();
}

void Worker::tick_drain() {
  if (!closes_idle_ && loop.now.steady >= idle_deadline_) {
    closes_idle_ = true;
    loop.deadlines.wake_all();
  }
  if (loop.now.steady < drain_deadline_) return;
  // Again and again: who was cut short may wait for something else by now.
  drain_deadline_ = loop.now.steady + kLastWait;
  patience_is_over_ = true;
  loop.deadlines.expire_all();
}

void Worker::follow_pressure() {
  const auto pressure = shared_.overload->memory.load(std::memory_order_relaxed);
  if (pressure == pressure_) return;
  pressure_ = pressure;
  wake_acceptors();
}

void Worker::wake_acceptors() {
  for (http::Parking& acceptor : acceptors_) acceptor.wake();
}

http::UpstreamPool* Worker::pool(router::TargetSlot slot) {
  if (slot >= pools_.size()) pools_.resize(slot + 1);
  auto& pool = pools_[slot];
  if (pool == nullptr && view_->targets[slot] != nullptr) {
    pool = std::make_unique<http::UpstreamPool>(view_->targets[slot],
                                                shared_.health.open_connections(slot));
  }
  return pool.get();
}

void Worker::post(std::function<void()> task) {
  {
    const std::lock_guard lock(inbox_mutex_);
    if (!ended_) {
      inbox_.push_back(std::move(task));
      task = nullptr;
    }
  }
  if (task) return task();  // there is nobody left who would
  loop.reactor.interrupt();
}

void Worker::adopt(std::shared_ptr<const WorkerView> view, std::function<void()> adopted) {
  post([this, view = std::move(view), adopted = std::move(adopted)]() mutable {
    view_ = std::move(view);
    retry_budget.set_rules(view_->settings->retry);
    adopted();
  });
}

void Worker::drain(std::chrono::milliseconds patience) {
  post([this, patience] { begin_drain(patience, std::chrono::milliseconds{0}); });
}

void Worker::drain_for_successor(std::chrono::milliseconds patience) {
  post([this, patience] {
    is_replaced_ = true;
    begin_drain(patience, std::min(patience, kIdlePatience));
  });
}

void Worker::begin_drain(std::chrono::milliseconds patience,
                         std::chrono::milliseconds idle_patience) {
  draining_ = true;
  drain_deadline_ = std::min(drain_deadline_, loop.now.steady + patience);
  idle_deadline_ = std::min(idle_deadline_, loop.now.steady + idle_patience);
  closes_idle_ = closes_idle_ || loop.now.steady >= idle_deadline_;
  wake_acceptors();
  loop.deadlines.wake_all();
}

void Worker::pause_accepting(std::function<void()> paused) {
  post([this, paused = std::move(paused)] {
    accepting_paused_ = true;
    wake_acceptors();
    paused();
  });
}

void Worker::resume_accepting() {
  post([this] {
    accepting_paused_ = false;
    wake_acceptors();
  });
}

}  // namespace tallygate
