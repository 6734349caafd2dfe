#include "gateway/privacy.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tallygate {
namespace {

std::string words_of(const config::Listeners& listeners) {
  std::string all;
  for (const std::string& warning : warnings_about_access(listeners)) {
    all += warning.substr(0, warning.find(':')) + "|";
  }
  return all;
}

TEST(Privacy, WarnsOfOpenDoors) {
  config::Listeners listeners;
  listeners.data.address = "127.0.0.1";
  EXPECT_EQ(words_of(listeners), "listeners.admin.token is not set|");
  listeners.admin.token.value = "hunter2";
  EXPECT_EQ(words_of(listeners), "listeners.admin.token is short; make one with|");
  listeners.admin.token.value = "an-admin-token-of-32-characters!";
  EXPECT_EQ(words_of(listeners), "");
  listeners.data.address = "0.0.0.0";
  EXPECT_EQ(words_of(listeners), "listeners.data.require_key is false|");
  listeners.data.require_key = true;
  listeners.admin.address = "10.0.0.1";
  listeners.admin.insecure = true;
  EXPECT_EQ(words_of(listeners), "listeners.admin.insecure|");
  listeners.admin.tls.emplace();
  EXPECT_EQ(words_of(listeners), "");
}

TEST(Privacy, WarnsOfSecretsThatOthersMayRead) {
  config::Settings settings;
  settings.listeners.admin.token = {"t", "file:/token"};
  settings.listeners.data.tls = config::Tls{"/public.crt", "/tls.key"};
  settings.secrets.pepper = {"p", "file:/pepper"};
  settings.targets["one"].api_key = {"k", "file:/key"};
  settings.targets["two"].api_key = {"k", "file:/key"};
  settings.targets["three"].api_key = {"k", "env:KEY"};
  const auto files_of = [&](unsigned mode) {
    std::string all;
    for (const std::string& warning : warnings_about_files(settings, [&](const std::string& file) {
           return file == "/pepper" ? std::nullopt : std::optional(mode);
         })) {
      all += warning.substr(warning.rfind(' ') + 1) + "|";
    }
    return all;
  };
  EXPECT_EQ(files_of(0600), "");
  EXPECT_EQ(files_of(0400), "");
  for (const unsigned open : {0640u, 0604u, 0644u, 0660u, 0601u}) {
    EXPECT_EQ(files_of(open), "/key|/tls.key|/token|") << open;
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(Privacy, LeavesNoCoreDump) {
  const pid_t child = ::fork();
  if (child == 0) {
    keep_memory_private();
    rlimit cores{};
    ::getrlimit(RLIMIT_CORE, &cores);
    ::_exit(::prctl(PR_GET_DUMPABLE) == 0 && cores.rlim_cur == 0 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
#endif

}  // namespace
}  // namespace tallygate
