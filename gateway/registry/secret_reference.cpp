#include "gateway/registry/secret_reference.h"

#include "config/yaml/interpolate.h"

namespace tallygate::registry {

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
  if (value && !value->text.empty()) return config::Secret{value->text};
  const std::string why = value ? "it is empty" : value.error().message;
  return make_error(Errc::rule_broken,
                    "The secret `" + reference + "` cannot be had: " + why + ".");
}

}  // namespace tallygate::registry
