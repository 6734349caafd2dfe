#include "gateway/registry/secret_reference.h"

#include <algorithm>

#include "config/yaml/interpolate.h"

namespace tallygate::registry {
namespace {

constexpr std::size_t kMaxSecretBytes = 8192;

bool is_control(char c) { return (c >= 0 && c < 0x20) || c == 0x7F; }

}  // namespace

Result<config::Secret> resolve_secret(const std::string& reference, const SecretSource& source) {
  if (reference.empty()) return config::Secret{};
  // What is neither may be the secret itself, put there by mistake: not repeated.
  const bool env = reference.starts_with("env:") && reference.find(":-") == std::string::npos;
  const bool file = reference.starts_with("file:/");
  if ((!env && !file) || reference.find('}') != std::string::npos) {
    return make_error(Errc::rule_broken,
                      "A secret is given by reference only: env:NAME or file:/absolute/path.");
  }
  const auto value = config::yaml::interpolate("${" + reference + "}", source);
  // It goes into a header line, and a file of several lines is no key but somebody's file.
  const bool one_line = value && value->text.size() <= kMaxSecretBytes &&
                        std::none_of(value->text.begin(), value->text.end(), is_control);
  if (one_line && !value->text.empty()) return config::Secret{value->text};
  const std::string why = !value      ? value.error().message
                          : !one_line ? "it is not one line of at most 8192 bytes"
                                      : "it is empty";
  return make_error(Errc::rule_broken,
                    "The secret `" + reference + "` cannot be had: " + why + ".");
}

}  // namespace tallygate::registry
