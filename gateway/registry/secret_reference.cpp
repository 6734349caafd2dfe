#include "gateway/registry/secret_reference.h"

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <filesystem>

#include "config/rules.h"
#include "config/url.h"
#include "config/yaml/interpolate.h"

namespace tallygate::registry {
namespace {

constexpr std::size_t kMaxSecretBytes = 8192;

bool is_control(char c) { return (c >= 0 && c < 0x20) || c == 0x7F; }

Error no_reference() {
  // What is neither may be the secret itself, put there by mistake: not repeated.
  return make_error(Errc::rule_broken,
                    "A secret is given by reference only: env:NAME or file:/absolute/path.");
}

bool have_same_origin(std::string_view one, std::string_view other) {
  const auto a = config::parse_url(one, config::Query::allowed);
  const auto b = config::parse_url(other, config::Query::allowed);
  return a && b && a->is_https == b->is_https && a->port == b->port &&
         boost::algorithm::iequals(a->host, b->host);
}

bool is_sent_by_file(const std::string& reference, const std::string& url,
                     const config::Settings& file) {
  return std::any_of(file.targets.begin(), file.targets.end(), [&](const auto& named) {
    const config::Target& target = named.second;
    return target.api_key.reference == reference && have_same_origin(target.url, url);
  });
}

/// A pattern of files is about its folder: links may not lead out of it. Who names one file knows
/// where it leads.
bool stays_in_folder(const std::string& pattern, const std::string& reference) {
  constexpr std::string_view kFile = "file:";
  if (!pattern.ends_with('*') || !pattern.starts_with(kFile)) return true;
  const std::filesystem::path inside = reference.substr(kFile.size());
  std::error_code failed;
  const auto folder = std::filesystem::canonical(inside.parent_path(), failed);
  if (failed) return false;
  const auto real = std::filesystem::canonical(inside, failed);
  if (failed) return false;
  return std::mismatch(folder.begin(), folder.end(), real.begin(), real.end()).first ==
         folder.end();
}

}  // namespace

Result<void> check_secret_allowed(const std::string& reference, const std::string& url,
                                  const config::Settings& file) {
  if (reference.empty()) return {};
  if (!config::is_secret_reference(reference)) return no_reference();
  if (is_sent_by_file(reference, url, file)) return {};
  for (const std::string& pattern : file.secrets.allow) {
    if (config::matches_secret_pattern(pattern, reference) && stays_in_folder(pattern, reference)) {
      return {};
    }
  }
  return make_error(
      Errc::rule_broken,
      "The secret `" + reference +
          "` may not be used here: no target of the configuration file sends it to this host, and "
          "secrets.allow does not list it. To permit it, add " +
          reference + " to secrets.allow in the configuration file.");
}

Result<config::Secret> resolve_secret(const std::string& reference, const SecretSource& source) {
  if (reference.empty()) return config::Secret{};
  if (!config::is_secret_reference(reference)) return no_reference();
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
