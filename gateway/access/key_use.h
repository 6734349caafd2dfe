#pragma once
// What each client key has used of its limits: counters that all workers share and that outlive the
// views which name them. They begin anew with the process.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace tallygate::access {

/// One cache line: workers that serve one key contend for it and for nothing else.
struct alignas(64) KeyUse {
  std::atomic<std::chrono::nanoseconds> requests_full_at{std::chrono::nanoseconds{0}};
  std::atomic<std::chrono::nanoseconds> tokens_full_at{std::chrono::nanoseconds{0}};
  std::atomic<std::uint32_t> under_way{0};
};

/// Thread-safe.
class KeyUses {
 public:
  /// The counters of the key with this id, for as long as a view or a request holds them.
  std::shared_ptr<KeyUse> of(const std::string& id) {
    const std::lock_guard lock(mutex_);
    std::weak_ptr<KeyUse>& known = uses_[id];
    std::shared_ptr<KeyUse> use = known.lock();
    if (use == nullptr) known = use = std::make_shared<KeyUse>();
    return use;
  }
  /// Of keys that are gone.
  void forget_unused() {
    const std::lock_guard lock(mutex_);
    std::erase_if(uses_, [](const auto& each) { return each.second.expired(); });
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<KeyUse>> uses_;
};

}  // namespace tallygate::access
