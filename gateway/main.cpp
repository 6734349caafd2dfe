#include <csignal>
#include <cstdio>
#include <exception>

#include "gateway/app.h"
#include "gateway/command/commands.h"
#include "gateway/worker_clock.h"

namespace {

tallygate::Output write_to(std::FILE* stream) {
  return [stream](std::string_view text) {
    return std::fwrite(text.data(), 1, text.size(), stream) == text.size() &&
           std::fflush(stream) == 0;
  };
}

}  // namespace

int main(int argc, char** argv) {
  // A reader or peer that goes away is an error of the write, for the gate and for `| head`.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return tallygate::run_command(
        argc, argv,
        {write_to(stdout), write_to(stderr), tallygate::read_clocks().wall, tallygate::run_gate});
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "tallygate: %s\n", failure.what());
    return tallygate::kExitFailed;
  }
}
