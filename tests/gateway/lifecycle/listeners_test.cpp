#include "gateway/lifecycle/listeners.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/http/acceptor.h"

namespace tallygate::lifecycle {
namespace {

std::string text_of(const Result<std::optional<Activation>>& read) {
  if (!read) return "error";
  if (!*read) return "none";
  std::string text;
  for (const auto& name : (*read)->names) text += "[" + name + "]";
  return text;
}

TEST(Activation, IsReadFromTheEnvironment) {
  const auto check = [](const char* pid, const char* count, const char* names,
                        const std::string& expected) {
    EXPECT_EQ(text_of(parse_activation(pid, count, names, 42)), expected);
  };
  check(nullptr, nullptr, nullptr, "none");
  check("42", nullptr, nullptr, "none");
  check("41", "2", "data:admin", "none");
  check("42", "0", nullptr, "none");
  check("42", "2", "data:admin", "[data][admin]");
  check("42", "2", nullptr, "[][]");
  check("42", "2", "unknown:unknown", "[][]");
  check("42", "3", "data", "[data][][]");
  check("42", "1", "data:admin", "[data]");
  check("x", "1", nullptr, "error");
  check("42", "-1", nullptr, "error");
  check("42", "2x", nullptr, "error");
  check("42", "100000", nullptr, "error");
}

std::string sorted(const std::vector<std::string>& names, std::map<int, std::uint16_t> ports) {
  Activation activation;
  activation.names = names;
  config::Listeners settings;  // 8080 and 8081
  const auto listeners = sort_sockets(activation, ports, settings);
  if (!listeners) return "error";
  std::string text = "data";
  for (const int fd : listeners->data) text += " " + std::to_string(fd);
  text += " admin";
  for (const int fd : listeners->admin) text += " " + std::to_string(fd);
  return text;
}

TEST(Activation, GivesEachSocketItsPurpose) {
  EXPECT_EQ(sorted({"admin", "data"}, {{3, 1}, {4, 2}}), "data 4 admin 3");
  EXPECT_EQ(sorted({"", ""}, {{3, 8081}, {4, 8080}}), "data 4 admin 3");
  EXPECT_EQ(sorted({"", ""}, {{3, 1}, {4, 2}}), "data 3 admin 4");
  EXPECT_EQ(sorted({"tallygate.socket"}, {{3, 1}}), "data 3 admin");
  EXPECT_EQ(sorted({"data", "data", "admin"}, {{3, 1}, {4, 1}, {5, 2}}), "data 3 4 admin 5");
  EXPECT_EQ(sorted({"web"}, {{3, 1}}), "error");
  EXPECT_EQ(sorted({"admin", "admin"}, {{3, 1}, {4, 1}}), "error");
  EXPECT_EQ(sorted({"data"}, {}), "error");
}

TEST(Listeners, AreKeptWhereTheSettingsSaySo) {
  const int data = http::listen_on("127.0.0.1", 0, http::Sharing::exclusive).value();
  const int admin = http::listen_on("127.0.0.1", 0, http::Sharing::exclusive).value();
  const int other = http::listen_on("127.0.0.1", 0, http::Sharing::exclusive).value();
  const int not_listening = ::socket(AF_INET, SOCK_STREAM, 0);
  config::Listeners settings;
  settings.data.address = settings.admin.address = "127.0.0.1";
  settings.data.port = http::port_of(data);
  settings.admin.port = http::port_of(admin);
  const auto kept = keep_matching({{other, data, not_listening}, {admin, other}}, settings);
  EXPECT_EQ(kept.data, std::vector<int>{data});
  EXPECT_EQ(kept.admin, std::vector<int>{admin});
  close_all(kept);
}

TEST(Listeners, AreSpreadSoThatEachIsServedAndEachWorkerHasOne) {
  EXPECT_EQ(spread({7, 8, 9}, 2), (std::vector<std::vector<int>>{{7, 9}, {8}}));
  const int one = http::listen_on("127.0.0.1", 0, http::Sharing::exclusive).value();
  const auto shares = spread({one}, 3);
  ASSERT_EQ(shares.size(), 3U);
  EXPECT_EQ(shares[0], std::vector<int>{one});
  for (int i = 1; i < 3; ++i) {
    const int copy = shares[static_cast<std::size_t>(i)].at(0);
    EXPECT_NE(copy, one);
    EXPECT_EQ(http::port_of(copy), http::port_of(one));
    ::close(copy);
  }
  ::close(one);
}

TEST(Listeners, RefuseAPortThatIsTaken) {
  const int taken = http::listen_on("127.0.0.1", 0, http::Sharing::between_workers).value();
  config::Listeners settings;
  settings.data.address = settings.admin.address = "127.0.0.1";
  settings.data.port = http::port_of(taken);
  settings.admin.port = 0;
  Listeners listeners;
  EXPECT_TRUE(bind_missing(settings, 2, listeners).has_error());
  ::close(taken);
}

}  // namespace
}  // namespace tallygate::lifecycle
