#include "gateway/upstream/health_news.h"

#include <utility>

namespace tallygate {

void HealthNewsQueue::listen(std::function<void()> ring) {
  const std::lock_guard lock(mutex_);
  ring_ = std::move(ring);
}

bool HealthNewsQueue::push(HealthNews news) {
  const std::lock_guard lock(mutex_);
  if (!ring_ || waiting_.size() >= kMost) return false;
  waiting_.push_back(std::move(news));
  if (waiting_.size() == 1) ring_();
  return true;
}

std::vector<HealthNews> HealthNewsQueue::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(waiting_, {});
}

}  // namespace tallygate
