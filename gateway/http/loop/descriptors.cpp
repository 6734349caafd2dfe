#include "gateway/http/loop/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <climits>

namespace tallygate::http {
namespace {

constexpr rlim_t kReserve = 64;

int ceiling() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return INT_MAX;
  const rlim_t reserve = std::min(kReserve, limit.rlim_cur / 8);
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur - reserve, INT_MAX));
}

}  // namespace

int descriptor_ceiling() {
  static const int known = ceiling();
  return known;
}

}  // namespace tallygate::http
