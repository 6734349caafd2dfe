#include "gateway/control/upkeep/process_sample.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace tallygate {
namespace {

constexpr std::uint64_t kDescriptorsForFiles = 512;

std::uint64_t count_descriptors() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  std::uint64_t count = 0;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] != '.') ++count;
  }
  closedir(folder);
  return count - 1;  // the folder's own
}

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t pages_total = 0;
  std::uint64_t pages_resident = 0;
  file >> pages_total >> pages_resident;
  return pages_resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::uint64_t descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace

telemetry::ProcessSample sample_process() {
  telemetry::ProcessSample sample;
  sample.resident_bytes = resident_bytes();
  sample.open_descriptors = count_descriptors();
  sample.max_descriptors = descriptor_limit();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  sample.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  return sample;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::uint32_t connection_limit(const config::Settings& settings) {
  if (settings.limits.connections != 0) return settings.limits.connections;
  const std::uint64_t descriptors = descriptor_limit();
  const std::uint64_t left =
      descriptors > kDescriptorsForFiles ? descriptors - kDescriptorsForFiles : 2;
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(left / 2, 1, 1'000'000));
}

}  // namespace tallygate
