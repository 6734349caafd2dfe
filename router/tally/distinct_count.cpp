#include "router/tally/distinct_count.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/hash.h"

namespace tallygate::router {
namespace {

__extension__ using Uint128 = unsigned __int128;

/// The sum over 2^14 registers then fits into 64 bits. Reached once in 2^62 units.
constexpr int kMaxRank = 48;
constexpr std::uint64_t kSeed = 0x165667B19E3779F9;

std::uint64_t weight_of(std::uint8_t rank) { return std::uint64_t{1} << (kMaxRank - rank); }

}  // namespace

std::uint64_t DistinctCount::add(std::uint64_t unit_hash) {
  if (registers_.empty()) {
    registers_.resize(kRegisters);
    unseen_ = kRegisters * weight_of(0);
  }
  char bytes[sizeof unit_hash];
  std::memcpy(bytes, &unit_hash, sizeof unit_hash);
  const std::uint64_t hash = hash64({bytes, sizeof bytes}, kSeed);
  std::uint8_t& held = registers_[hash >> (64 - kPrecision)];
  const auto rank =
      static_cast<std::uint8_t>(std::min(std::countl_zero(hash << kPrecision) + 1, kMaxRank));
  if (rank <= held) return 0;
  // A new unit would change a register with the probability unseen_ / (kRegisters * 2^kMaxRank).
  constexpr Uint128 kOne = Uint128{1} << (kPrecision + kMaxRank + kFractionBits);
  const auto gain = static_cast<std::uint64_t>(kOne / unseen_);
  unseen_ -= weight_of(held) - weight_of(rank);
  held = rank;
  return gain;
}

void DistinctCount::encode(std::string& out) const {
  if (registers_.empty()) {
    out.append(kRegisters, '\0');
  } else {
    out.append(reinterpret_cast<const char*>(registers_.data()), registers_.size());
  }
}

Result<DistinctCount> DistinctCount::decode(std::string_view& in) {
  if (in.size() < kRegisters) {
    return make_error(Errc::storage_corrupt, "distinct count: ends inside its registers");
  }
  DistinctCount count;
  count.registers_.assign(in.begin(), in.begin() + kRegisters);
  in.remove_prefix(kRegisters);
  for (const std::uint8_t rank : count.registers_) {
    if (rank > kMaxRank) {
      return make_error(Errc::storage_corrupt, "distinct count: a register is out of range");
    }
    count.unseen_ += weight_of(rank);
  }
  return count;
}

}  // namespace tallygate::router
