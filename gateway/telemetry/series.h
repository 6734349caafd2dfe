#pragma once
// Series by their labels: a map that only the worker uses, and a list that readers walk. Nodes are
// never moved or removed and are published whole, so a reader needs no lock.

#include <array>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>

#include "gateway/telemetry/metrics.h"

namespace tallygate::telemetry {

/// A set of labels, packed from ids and the addresses of static strings: the same in all workers.
using SeriesKey = std::array<std::uint64_t, 5>;

struct SeriesKeyHash {
  using is_avalanching = void;
  std::size_t operator()(const SeriesKey& key) const {
    std::uint64_t hash = 0;
    for (const std::uint64_t word : key) {
      hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
      hash ^= hash >> 32;
    }
    return hash;
  }
};

/// What is limited together.
enum class Family : std::uint8_t { inference, http, attempt, connections };
inline constexpr std::size_t kFamilyCount = 4;

/// Label sets of a family. One is kept for the overflow series, and token usage has two series
/// (input, output) for each set of labels.
constexpr std::size_t max_label_sets(Family family) {
  return (family == Family::inference ? kMaxSeries / 2 : kMaxSeries) - 1;
}

class SeriesLimit {
 public:
  /// Whether `key` has a series of its own: once admitted, always admitted.
  bool admit(Family family, const SeriesKey& key) {
    const std::scoped_lock lock(mutex_);
    auto& keys = admitted_[static_cast<std::size_t>(family)];
    if (keys.contains(key)) return true;
    if (keys.size() >= max_label_sets(family)) return false;
    keys.insert(key);
    return true;
  }

 private:
  std::mutex mutex_;
  std::array<boost::unordered_flat_set<SeriesKey, SeriesKeyHash>, kFamilyCount> admitted_;
};

template <class Labels, class Values>
class SeriesTable {
 public:
  struct Node {
    Labels labels;
    bool overflow = false;
    const Node* next = nullptr;
    Values values;
  };

  SeriesTable(Family family, SeriesLimit& limit) : family_(family), limit_(&limit) {}

  /// The worker's thread only. `make_labels` is called on first sight.
  template <class MakeLabels>
  Values& at(const SeriesKey& key, MakeLabels&& make_labels) {
    const auto found = map_.find(key);
    if (found != map_.end()) return found->second->values;
    return add(key, make_labels())->values;
  }

  /// Any thread: `each(node)` for every series so far.
  template <class Each>
  void for_each(Each&& each) const {
    for (const Node* node = head_.load(std::memory_order_acquire); node != nullptr;
         node = node->next) {
      each(*node);
    }
  }

 private:
  /// Keys remembered per worker; further ones go to the overflow series without a place of theirs.
  static constexpr std::size_t kMaxRemembered = std::size_t{1} << 16;

  Node* add(const SeriesKey& key, Labels labels) {
    if (map_.size() >= kMaxRemembered) return overflow();
    Node* node = limit_->admit(family_, key) ? publish(labels, false) : overflow();
    map_.emplace(key, node);
    return node;
  }

  Node* overflow() {
    if (overflow_ == nullptr) overflow_ = publish(Labels{}, true);
    return overflow_;
  }

  Node* publish(const Labels& labels, bool is_overflow) {
    Node& node = nodes_.emplace_back();
    node.labels = labels;
    node.overflow = is_overflow;
    node.next = head_.load(std::memory_order_relaxed);
    head_.store(&node, std::memory_order_release);
    return &node;
  }

  Family family_;
  SeriesLimit* limit_;
  boost::unordered_flat_map<SeriesKey, Node*, SeriesKeyHash> map_;
  std::deque<Node> nodes_;
  Node* overflow_ = nullptr;
  std::atomic<const Node*> head_{nullptr};
};

}  // namespace tallygate::telemetry
