#pragma once
// The command line: `tallygate serve | check | print-config | print-schema | journal | backup |
// restore | version`.
// Parsing, help and exit codes; the work is done elsewhere.

#include <functional>
#include <string_view>

#include "base/time.h"
#include "gateway/app.h"

namespace tallygate {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

/// Where a command writes. false = the reader is gone (`| head`), so it stops.
using Output = std::function<bool(std::string_view)>;

/// What a command may use of its process.
struct Console {
  Output out;
  Output err;
  WallTime now;
  std::function<int(const ServeOptions&)> serve;
};

/// The process's exit code: 0 done, 1 failed (with the reason on `err`), 2 not understood.
int run_command(int argc, const char* const* argv, const Console& console);

}  // namespace tallygate
