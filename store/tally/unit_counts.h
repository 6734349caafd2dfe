#pragma once
// The distinct units of one experiment, as the unit book (unit_book.h) tells them.

#include <cstdint>
#include <vector>

namespace tallygate::store {

struct UnitCounts {
  struct Arm {
    std::uint32_t epoch = 0;
    std::uint8_t variant = 0;
    std::uint64_t units = 0;  ///< first exposed in this epoch and arm; rounded where estimated
    bool operator==(const Arm&) const = default;
  };
  std::vector<Arm> arms;  ///< by epoch and variant; only those with units
  bool exact = true;
  bool frozen = false;

  std::uint64_t units_of(std::uint8_t variant) const {
    std::uint64_t units = 0;
    for (const Arm& arm : arms) units += arm.variant == variant ? arm.units : 0;
    return units;
  }
  bool operator==(const UnitCounts&) const = default;
};

}  // namespace tallygate::store
