#include "gateway/lifecycle/overload.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <fstream>

#include "gateway/lifecycle/memory_watch.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::lifecycle {
namespace {

TEST(Pressure, FollowsTheShareOfTheCap) {
  const auto check = [](std::uint64_t resident, Pressure before, Pressure expected) {
    EXPECT_EQ(pressure_of(resident, 1000, before), expected) << resident;
  };
  check(919, Pressure::none, Pressure::none);
  check(920, Pressure::none, Pressure::high);
  check(949, Pressure::high, Pressure::high);
  check(950, Pressure::none, Pressure::critical);
  check(5000, Pressure::none, Pressure::critical);
  check(940, Pressure::critical, Pressure::critical);
  check(929, Pressure::critical, Pressure::high);
  check(905, Pressure::high, Pressure::high);
  check(899, Pressure::high, Pressure::none);
  check(899, Pressure::critical, Pressure::none);
  EXPECT_EQ(pressure_of(1, 0, Pressure::critical), Pressure::none);
}

TEST(Pressure, LeavesAFifthWithoutASetting) {
  EXPECT_EQ(automatic_memory_cap(0, 1000), 800U);
  EXPECT_EQ(automatic_memory_cap(500, 1000), 400U);
  EXPECT_EQ(automatic_memory_cap(5000, 1000), 800U);
}

std::uint64_t client(const char* text) {
  sockaddr_storage address{};
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
  if (::inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
    address.ss_family = AF_INET6;
  } else {
    address.ss_family = AF_INET;
    ::inet_pton(AF_INET, text, &reinterpret_cast<sockaddr_in&>(address).sin_addr);
  }
  return client_of(address);
}

TEST(ConnectionsPerAddress, TellsClientsApart) {
  EXPECT_NE(client("10.0.0.1"), client("10.0.0.2"));
  EXPECT_EQ(client("10.0.0.1"), client("::ffff:10.0.0.1"));
  EXPECT_EQ(client("2001:db8::1"), client("2001:db8::2"));
  EXPECT_NE(client("2001:db8:0:1::1"), client("2001:db8:0:2::1"));
}

TEST(ConnectionsPerAddress, CountsUntilTheyGo) {
  ConnectionsPerAddress table;
  {
    const auto first = table.enter(1, 2);
    auto second = table.enter(1, 2);
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(table.enter(1, 2));
    EXPECT_TRUE(table.enter(2, 2));
    const auto moved = std::move(second);
    EXPECT_FALSE(table.enter(1, 2));
  }
  EXPECT_TRUE(table.enter(1, 2));
  EXPECT_EQ(table.clients(), 0U);
}

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

TEST(MemoryWatch, TellsWhatThePagesSay) {
  const testing::TemporaryDirectory directory;
  MemoryFiles files;
  files.process = directory / "statm";
  write(files.process, "9999999 1000 5 0 0 0 0\n");
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  asio::io_context io{1};
  Overload overload;
  std::uint64_t cap = 2000 * page;
  MemoryWatch watch(
      io, overload, [&] { return cap; }, files);
  watch.look();
  EXPECT_EQ(overload.memory.load(), Pressure::none);
  cap = 1050 * page;
  watch.look();
  EXPECT_EQ(overload.memory.load(), Pressure::critical);
  cap = 4000 * page;
  watch.look();
  EXPECT_EQ(overload.memory.load(), Pressure::none);
}

TEST(MemoryWatch, FindsTheTightestLimitOfItsGroups) {
  const testing::TemporaryDirectory directory;
  MemoryFiles files;
  files.cgroup = directory / "cgroup";
  files.cgroup_root = directory / "";
  while (files.cgroup_root.ends_with('/')) files.cgroup_root.pop_back();
  EXPECT_EQ(cgroup_memory_limit(files), 0U);
  write(files.cgroup, "0::/a/b\n");
  std::filesystem::create_directories(directory / "a/b");
  write(directory / "a/b/memory.max", "max\n");
  EXPECT_EQ(cgroup_memory_limit(files), 0U);
  write(directory / "a/memory.max", "5000\n");
  EXPECT_EQ(cgroup_memory_limit(files), 5000U);
  write(directory / "a/b/memory.max", "4000\n");
  EXPECT_EQ(cgroup_memory_limit(files), 4000U);
  write(files.cgroup, "5:cpu:/x\n4:memory:/c\n");
  std::filesystem::create_directories(directory / "memory/c");
  write(directory / "memory/c/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(cgroup_memory_limit(files), 0U);
  write(directory / "memory/memory.limit_in_bytes", "700\n");
  EXPECT_EQ(cgroup_memory_limit(files), 700U);
}

}  // namespace
}  // namespace tallygate::lifecycle
