// Any bytes as a configuration file, in a world without variables and files. What is accepted must
// print as something that is accepted, too.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace config = tallygate::config;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const config::Loaded loaded = config::parse(text, "fuzz.yaml", {});
  if (!loaded.ok()) return 0;
  const config::Loaded again =
      config::parse(config::print_redacted(loaded.settings), "printed.yaml", {});
  if (!again.ok()) std::abort();
  return 0;
}
