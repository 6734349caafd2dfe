#pragma once
// Bounds that no one needs to configure. Those that operators may change are config::Limits.

#include <cstddef>

namespace tallygate {

inline constexpr std::size_t kMaxRequestLineBytes = 8 * 1024;
inline constexpr std::size_t kMaxUpstreamHeadBytes = 64 * 1024;
inline constexpr std::size_t kMaxUpstreamHeaderCount = 256;
inline constexpr std::size_t kMaxChunkLineBytes = 8 * 1024;
inline constexpr std::size_t kMaxInterimResponses = 8;
inline constexpr std::size_t kMaxHeldEvents = 64;
inline constexpr std::size_t kMaxHeldBytes = 256 * 1024;
inline constexpr std::size_t kMaxQueuedToClientBytes = 64 * 1024;
inline constexpr std::size_t kMaxUnitBytes = 512;
inline constexpr std::size_t kMaxNameBytes = 256;
inline constexpr std::size_t kMaxPlanTargets = 8;

}  // namespace tallygate
