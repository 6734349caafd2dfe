#include "gateway/lifecycle/memory_watch.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <charconv>
#include <fstream>

// jemalloc's, where the binary is linked to it: gives back to the system what is freed and kept.
extern "C" int mallctl(const char* name, void* old_value, std::size_t* old_size, void* new_value,
                       std::size_t new_size) __attribute__((weak));

namespace tallygate::lifecycle {
namespace {

/// Version 1 tells "no limit" as a number that is near the largest one.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 60;
constexpr unsigned kLooksBetweenPurges = 10;

std::uint64_t number_in(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t value = 0;
  return file >> value ? value : 0;  // "max" is none
}

std::uint64_t tighter(std::uint64_t one, std::uint64_t other) {
  if (other == 0 || other >= kNoLimit) return one;
  return one == 0 ? other : std::min(one, other);
}

std::uint64_t machine_bytes() {
  struct sysinfo machine {};
  if (::sysinfo(&machine) != 0) return 0;
  return static_cast<std::uint64_t>(machine.totalram) * machine.mem_unit;
}

void give_back_freed_memory() {
  constexpr const char* kPurgeAllArenas = "arena.4096.purge";  // MALLCTL_ARENAS_ALL
  if (mallctl != nullptr) mallctl(kPurgeAllArenas, nullptr, nullptr, nullptr, 0);
}

}  // namespace

std::uint64_t cgroup_memory_limit(const MemoryFiles& files) {
  std::uint64_t limit = 0;
  std::ifstream groups(files.cgroup);
  for (std::string line; std::getline(groups, line);) {
    const bool is_v2 = line.starts_with("0::");
    const std::size_t v1 = line.find(":memory:");
    if (!is_v2 && v1 == std::string::npos) continue;
    const std::string root = is_v2 ? files.cgroup_root : files.cgroup_root + "/memory";
    const char* const name = is_v2 ? "/memory.max" : "/memory.limit_in_bytes";
    std::string group = is_v2 ? line.substr(3) : line.substr(v1 + 8);
    while (!group.empty()) {
      limit = tighter(limit, number_in(root + group + name));
      const std::size_t slash = group.rfind('/');
      group.resize(slash == std::string::npos ? 0 : slash);
    }
    limit = tighter(limit, number_in(root + name));
  }
  return limit;
}

MemoryWatch::MemoryWatch(asio::io_context& io, Overload& overload,
                         std::function<std::uint64_t()> cap, MemoryFiles files)
    : timer_(io),
      overload_(overload),
      cap_(std::move(cap)),
      statm_(::open(files.process.c_str(), O_RDONLY | O_CLOEXEC)),
      automatic_cap_(automatic_memory_cap(cgroup_memory_limit(files), machine_bytes())) {}

void MemoryWatch::start() {
  look();
  timer_.expires_after(kInterval);
  timer_.async_wait([this](error_code failed) {
    if (!failed) start();
  });
}

void MemoryWatch::stop() { timer_.cancel(); }

void MemoryWatch::look() {
  const std::uint64_t set = cap_();
  const std::uint64_t cap = set != 0 ? set : automatic_cap_;
  overload_.bodies.most.store(body_room(cap), std::memory_order_relaxed);
  const Pressure before = overload_.memory.load(std::memory_order_relaxed);
  const std::uint64_t resident = resident_bytes();
  const Pressure after = pressure_of(resident, cap, before);
  if (after != Pressure::none && ++tight_looks_ % kLooksBetweenPurges == 1) {
    give_back_freed_memory();
  }
  if (after == before) return;
  overload_.memory.store(after, std::memory_order_relaxed);
  constexpr std::uint64_t kMiB = 1024 * 1024;
  constexpr const char* kMeaning[] = {"back to normal", "connections close after their answer",
                                      "requests are refused"};
  spdlog::warn("memory: {} MiB of {} MiB: {}", resident / kMiB, cap / kMiB,
               kMeaning[static_cast<int>(after)]);
}

std::uint64_t MemoryWatch::resident_bytes() const {
  std::array<char, 128> text{};
  const ssize_t bytes = ::pread(statm_.get(), text.data(), text.size(), 0);
  if (bytes <= 0) return 0;
  const std::string_view line(text.data(), static_cast<std::size_t>(bytes));
  const std::size_t second = line.find(' ') + 1;  // pages resident
  std::uint64_t pages = 0;
  std::from_chars(line.data() + second, line.data() + line.size(), pages);
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace tallygate::lifecycle
