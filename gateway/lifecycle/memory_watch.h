#pragma once
// Looks ten times a second at how much memory the process holds, and tells the workers by
// Overload::memory when it comes near the cap. Control's thread: it costs two system calls.

#include <boost/asio/basic_waitable_timer.hpp>
#include <functional>

#include "gateway/http/asio.h"
#include "gateway/lifecycle/descriptor.h"
#include "gateway/lifecycle/overload.h"

namespace tallygate::lifecycle {

/// Where the kernel tells about memory; other files in tests.
struct MemoryFiles {
  std::string process = "/proc/self/statm";
  std::string cgroup = "/proc/self/cgroup";
  std::string cgroup_root = "/sys/fs/cgroup";
};

/// The tightest limit of this process's cgroup (version 2 or 1) and those above it; 0 = none.
std::uint64_t cgroup_memory_limit(const MemoryFiles& files);

class MemoryWatch {
 public:
  static constexpr std::chrono::milliseconds kInterval{100};

  /// `cap` is asked each time: limits.memory in bytes, 0 = auto.
  MemoryWatch(asio::io_context& io, Overload& overload, std::function<std::uint64_t()> cap,
              MemoryFiles files = {});
  void start();
  void stop();
  /// One look.
  void look();

 private:
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;
  std::uint64_t resident_bytes() const;

  Timer timer_;
  Overload& overload_;
  std::function<std::uint64_t()> cap_;
  Descriptor statm_;
  std::uint64_t automatic_cap_ = 0;
  unsigned tight_looks_ = 0;
};

}  // namespace tallygate::lifecycle
