#pragma once
// The dictionary of names (routes, versions, targets, experiments, ...): 32-bit ids for strings,
// append-only, as old as the journal. Interning happens on the control thread (any thread may, a
// mutex guards it); text() is lock-free and its views live as long as the table, so that plans and
// records can be values. The journal persists new entries in the batch that first may use them.

#include <array>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "router/record.h"

namespace tallygate::store {

class Names {
 public:
  static constexpr std::uint32_t kChunk = 1024;
  static constexpr std::uint32_t kMaxChunks = 4096;  ///< 4 million names; more is refused

  Names();
  ~Names();
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  /// The id of `text`, new or old. 0 for the empty string and when the table is full.
  router::NameId intern(std::string_view text);
  /// The id of `text` if it has one, else 0.
  router::NameId find(std::string_view text) const;
  /// Empty for 0 and for ids never given.
  std::string_view text(router::NameId id) const;
  std::uint32_t size() const { return size_.load(std::memory_order_acquire); }

  /// At start only: entry `id` as the journal has it.
  void restore(router::NameId id, std::string_view text);

 private:
  using Chunk = std::array<std::string, kChunk>;
  std::string* place(router::NameId id);

  mutable std::mutex mutex_;
  boost::unordered_flat_map<std::string_view, router::NameId> ids_;
  std::array<std::atomic<Chunk*>, kMaxChunks> chunks_{};
  std::atomic<std::uint32_t> size_{0};
};

}  // namespace tallygate::store
