#include "gateway/lifecycle/overload.h"

#include <algorithm>

namespace tallygate::lifecycle {
namespace {

constexpr double kHigh = 0.92;
constexpr double kCritical = 0.95;
constexpr double kSlack = 0.02;
constexpr double kAutomaticShare = 0.8;
constexpr std::uint64_t kBodyShare = 2;  ///< the rest is for what is made of them, and for all else

}  // namespace

Pressure pressure_of(std::uint64_t resident_bytes, std::uint64_t cap_bytes, Pressure before) {
  if (cap_bytes == 0) return Pressure::none;
  const double share = static_cast<double>(resident_bytes) / static_cast<double>(cap_bytes);
  const auto reaches = [&](double threshold, Pressure level) {
    return share >= (before >= level ? threshold - kSlack : threshold);
  };
  if (reaches(kCritical, Pressure::critical)) return Pressure::critical;
  return reaches(kHigh, Pressure::high) ? Pressure::high : Pressure::none;
}

std::uint64_t automatic_memory_cap(std::uint64_t cgroup_bytes, std::uint64_t machine_bytes) {
  const std::uint64_t all =
      cgroup_bytes == 0 ? machine_bytes : std::min(cgroup_bytes, machine_bytes);
  return static_cast<std::uint64_t>(static_cast<double>(all) * kAutomaticShare);
}

std::uint64_t body_room(std::uint64_t cap_bytes) {
  return cap_bytes == 0 ? UINT64_MAX : cap_bytes / kBodyShare;
}

}  // namespace tallygate::lifecycle
