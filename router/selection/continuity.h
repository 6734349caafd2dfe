#pragma once
// What served each unit last, for as many units as there is room for: whoever was remembered
// longest ago makes way. A value without locks; gateway/continuity_book shares it between threads.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "router/record.h"

namespace tallygate::router {

/// A version by the names of its records; zeros = nothing is known.
struct Served {
  NameId route = 0;
  NameId version = 0;
  bool operator==(const Served&) const = default;
};

class Continuity {
 public:
  /// Room for `capacity` > 0 units; memory is taken as they come.
  explicit Continuity(std::uint32_t capacity) : capacity_(capacity) {}

  void remember(std::uint64_t unit_hash, Served served);
  Served find(std::uint64_t unit_hash) const;
  std::size_t size() const { return entries_.size(); }

 private:
  /// In a ring by age: `newer` of the newest is the oldest.
  struct Entry {
    std::uint64_t unit_hash = 0;
    Served served;
    std::uint32_t older = 0;
    std::uint32_t newer = 0;
  };

  void take_out(std::uint32_t index);
  void put_newest(std::uint32_t index);

  std::uint32_t capacity_;
  std::uint32_t newest_ = 0;  ///< index into entries_, unless they are empty
  std::vector<Entry> entries_;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> index_of_;
};

}  // namespace tallygate::router
