#pragma once
// A configuration as a test wants it: one valid file, changed in one place.

#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace tallygate::config::test {

/// Knows the variables and files below and nothing of the machine it runs on.
inline Surroundings known_surroundings() {
  return {[](const std::string& name) -> std::optional<std::string> {
            if (name == "PORT") return "9090";
            if (name == "KEY") return "sk-hidden";
            if (name == "EMPTY") return "";
            if (name == "NESTED") return "${env:KEY}";
            if (name == "SPLIT_HEADER") return "a\r\nb: c";
            return std::nullopt;
          },
          [](const std::string& path) -> std::optional<std::string> {
            if (path == "/run/key") return "from-file\n";
            return std::nullopt;
          }};
}

/// Two targets; a route `assistant` with versions 1.0.0 (default) and 1.1.0.
inline constexpr std::string_view kTargetsAndRoutes =
    "targets:\n"                                          // 1
    "  one: {url: http://127.0.0.1:9001/v1, model: m}\n"  // 2
    "  two: {url: http://127.0.0.1:9002/v1, model: m}\n"  // 3
    "routes:\n"                                           // 4
    "  assistant:\n"                                      // 5
    "    versions:\n"                                     // 6
    "      1.0.0: {targets: [one], default: true}\n"      // 7
    "      1.1.0: {targets: [two]}\n";                    // 8

inline Loaded load(std::string_view text) { return parse(text, "f", known_surroundings()); }

/// `more` comes after line 8.
inline Loaded load_after_routes(const std::string& more) {
  return load(std::string(kTargetsAndRoutes) + more);
}

/// One line per problem.
inline std::string problems_of(const Loaded& loaded) {
  std::string out;
  for (const Problem& problem : loaded.problems) out += to_string(problem) + "\n";
  return out;
}

}  // namespace tallygate::config::test
