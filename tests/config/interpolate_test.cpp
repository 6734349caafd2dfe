#include "config/yaml/interpolate.h"

#include <gtest/gtest.h>

#include "tests/config/support.h"

namespace tallygate::config::yaml {
namespace {

void check(std::string_view text, const std::string& expected) {
  const auto result = interpolate(text, test::known_surroundings());
  EXPECT_EQ(result ? result->text : "error: " + result.error().message, expected) << text;
}

TEST(Interpolation, PutsInVariablesFilesAndDollars) {
  check("plain", "plain");
  check("${env:PORT}", "9090");
  check("a${env:PORT}b${env:PORT}", "a9090b9090");
  check("${env:NONE:-fallback}", "fallback");
  check("${env:NONE:-}", "");
  check("${env:EMPTY:-fallback}", "fallback");
  check("${env:EMPTY}", "");
  check("${env:PORT:-fallback}", "9090");
  check("${file:/run/key}", "from-file");
  check("$$", "$");
  check("$${env:PORT}", "${env:PORT}");
  check("$", "$");
  check("5$ and $x", "5$ and $x");
  check("a$", "a$");
}

TEST(Interpolation, DoesNotLookAtWhatItPutIn) { check("${env:NESTED}", "${env:KEY}"); }

TEST(Interpolation, SaysWhatIsMissingAndNeverAValue) {
  check("${env:NONE}",
        "error: the environment variable NONE is not set; set it, or give a default: "
        "${env:NONE:-default}");
  check("${env:1A}", "error: `1A` is not the name of an environment variable");
  check("${env:}", "error: `` is not the name of an environment variable");
  check("${file:/none}",
        "error: the file /none cannot be read; it must be a regular file that the gate may read");
  check("${file:relative}", "error: ${file:...} needs an absolute path");
  check("${env:PORT", "error: `${` has no `}`; write $$ for a dollar sign");
  const std::string form =
      "error: `${` must go on as ${env:NAME}, ${env:NAME:-default} or ${file:/path}; write $$ for "
      "a dollar sign";
  check("${PORT}", form);
  check("${sk-secret}", form);
}

TEST(Interpolation, RunsWithoutSurroundings) {
  EXPECT_FALSE(interpolate("${env:PORT}", {}));
  EXPECT_FALSE(interpolate("${file:/run/key}", {}));
  EXPECT_EQ(interpolate("${env:PORT:-1}", {})->text, "1");
}

TEST(Interpolation, RefusesMoreThanItsBound) {
  const Surroundings long_file{{}, [](const std::string&) { return std::string(65'537, 'x'); }};
  EXPECT_FALSE(interpolate("${file:/x}", long_file));
  const Surroundings fits{{}, [](const std::string&) { return std::string(65'536, 'x'); }};
  EXPECT_TRUE(interpolate("${file:/x}", fits));
}

TEST(Interpolation, EscapedDollarsComeBack) {
  for (const char* text : {"", "$", "$$", "${env:PORT}", "a$b"}) {
    EXPECT_EQ(interpolate(escape_dollars(text), {})->text, text);
  }
}

}  // namespace
}  // namespace tallygate::config::yaml
