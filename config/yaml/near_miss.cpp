#include "config/yaml/near_miss.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tallygate::config::yaml {
namespace {

constexpr std::size_t kMaxWord = 64;
constexpr int kUnrelated = 1000;

char fold(char c) {
  if (c == '-') return '_';
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

int edit_distance(std::string_view a, std::string_view b) {
  if (a.size() > kMaxWord || b.size() > kMaxWord) return kUnrelated;
  std::array<std::array<int, kMaxWord + 1>, kMaxWord + 1> cost{};
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = static_cast<int>(i);
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int replace = fold(a[i - 1]) == fold(b[j - 1]) ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + replace});
      const bool swapped =
          i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]);
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

std::string suggest(std::string_view written, const std::vector<std::string>& candidates) {
  // A third of the word may be wrong: `prot` finds `port`, `x` finds nothing.
  int best = static_cast<int>(std::min<std::size_t>(3, (written.size() + 1) / 3)) + 1;
  const std::string* closest = nullptr;
  for (const std::string& candidate : candidates) {
    const auto longer = std::max(written.size(), candidate.size());
    const auto shorter = std::min(written.size(), candidate.size());
    if (longer - shorter >= static_cast<std::size_t>(best)) continue;
    const int distance = edit_distance(written, candidate);
    if (distance >= best) continue;
    best = distance;
    closest = &candidate;
  }
  return closest == nullptr ? std::string{} : fmt::format("; did you mean `{}`?", *closest);
}

}  // namespace tallygate::config::yaml
