#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace tallygate {

void fail_assertion(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "tallygate: invariant broken: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace tallygate
