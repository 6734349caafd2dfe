#pragma once
// Bounds shadow traffic, so that it never gets in the way of clients. A worker's own.

#include <cstddef>
#include <cstdint>

namespace tallygate {

/// How much of a worker may be spent on copies at once.
class MirrorBudget {
 public:
  static constexpr std::uint32_t kMostCopies = 64;
  static constexpr std::size_t kMostBytes = std::size_t{16} << 20;

  /// False: there is no room, and nothing was taken.
  bool take(std::size_t bytes) {
    if (copies_ == kMostCopies || bytes > kMostBytes - bytes_) return false;
    ++copies_;
    bytes_ += bytes;
    return true;
  }
  void give_back(std::size_t bytes) {
    --copies_;
    bytes_ -= bytes;
  }

 private:
  std::uint32_t copies_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace tallygate
