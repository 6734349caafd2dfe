#include "gateway/privacy.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <set>

#include "config/rules.h"

namespace tallygate {
namespace {

/// 128 bits in base64.
constexpr std::size_t kLeastTokenBytes = 22;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

}  // namespace

void keep_memory_private() {
  if (kSanitized) return;
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

std::optional<unsigned> real_file_mode(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return status.st_mode & 0777;
}

std::vector<std::string> warnings_about_files(const config::Settings& settings,
                                              const FileMode& mode_of) {
  std::set<std::string> files;
  const auto add = [&](const config::Secret& secret) {
    constexpr std::string_view kFile = "file:";
    if (secret.reference.starts_with(kFile)) files.insert(secret.reference.substr(kFile.size()));
  };
  add(settings.listeners.admin.token);
  add(settings.secrets.pepper);
  for (const auto& [name, target] : settings.targets) add(target.api_key);
  for (const auto& tls : {settings.listeners.data.tls, settings.listeners.admin.tls}) {
    if (tls) files.insert(tls->key);
  }
  std::vector<std::string> warnings;
  for (const std::string& file : files) {
    if ((mode_of(file).value_or(0) & 077) == 0) continue;
    warnings.push_back("the secret file " + file +
                       " is open to others than its owner; allow only that: chmod 600 " + file);
  }
  return warnings;
}

std::vector<std::string> warnings_about_access(const config::Listeners& listeners) {
  std::vector<std::string> warnings;
  const config::DataListener& data = listeners.data;
  const config::AdminListener& admin = listeners.admin;
  if (!data.require_key && !config::is_loopback(data.address)) {
    warnings.push_back("listeners.data.require_key is false: everyone who reaches " + data.address +
                       " may send requests");
  }
  if (admin.token.empty()) {
    warnings.push_back("listeners.admin.token is not set: everyone who reaches " + admin.address +
                       " may administer the gate");
  } else if (admin.token.value.size() < kLeastTokenBytes) {
    warnings.push_back("listeners.admin.token is short; make one with: openssl rand -base64 32");
  }
  if (!config::is_loopback(admin.address) && !admin.tls) {
    warnings.push_back(
        "listeners.admin.insecure: the admin token and all answers cross the "
        "network in the clear");
  }
  return warnings;
}

}  // namespace tallygate
