// Preloaded into the gate: what a test cannot ask of a real machine. Each disaster happens while
// its file exists in $TALLYGATE_DISASTER:
//   full   writes into $TALLYGATE_STORE fail with ENOSPC
//   stall  writes and syncs there wait
//   clock  its text is added to the wall clock, in seconds
//   names  its text is the IPv4 address of model.test; without the file the name does not resolve

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr const char* kModelHost = "model.test";
constexpr unsigned kPollMicroseconds = 5'000;

/// Allocates nothing: signal handlers write, too.
class Path {
 public:
  explicit Path(const char* disaster) {
    const char* const folder = std::getenv("TALLYGATE_DISASTER");
    if (folder == nullptr) return;
    const std::size_t size = std::strlen(folder);
    const std::size_t name = std::strlen(disaster);
    if (size + 1 + name >= sizeof text_) return;
    std::memcpy(text_, folder, size);
    text_[size] = '/';
    std::memcpy(text_ + size + 1, disaster, name + 1);
  }
  /// Empty: nothing ever happens.
  const char* text() const { return text_; }

 private:
  char text_[1024] = "";
};

bool is_happening(const char* disaster) {
  const Path path(disaster);
  return *path.text() != '\0' && ::access(path.text(), F_OK) == 0;
}

/// The file's text, without its line's end; empty if there is no file.
std::string text_of(const char* disaster) {
  const int file = ::open(Path(disaster).text(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  char text[64];
  const ssize_t bytes = ::read(file, text, sizeof text);
  ::close(file);
  std::string found(text, bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
  while (!found.empty() && found.back() == '\n') found.pop_back();
  return found;
}

bool is_in_store(int file) {
  const char* const store = std::getenv("TALLYGATE_STORE");
  if (store == nullptr) return false;
  char link[64];
  char path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t bytes = ::readlink(link, path, sizeof path);
  const std::size_t size = std::strlen(store);
  return bytes > static_cast<ssize_t>(size) && std::memcmp(path, store, size) == 0;
}

void wait_out_a_stall(int file) {
  if (!is_happening("stall") || !is_in_store(file)) return;
  while (is_happening("stall")) ::usleep(kPollMicroseconds);
}

/// True with errno set: the write is not to be done.
bool is_refused(int file) {
  const int kept = errno;
  wait_out_a_stall(file);
  const bool full = is_happening("full") && is_in_store(file);
  errno = full ? ENOSPC : kept;
  return full;
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* data, size_t bytes) {
  return is_refused(file) ? -1 : ::syscall(SYS_write, file, data, bytes);
}

ssize_t pwrite(int file, const void* data, size_t bytes, off_t at) {
  return is_refused(file) ? -1 : ::syscall(SYS_pwrite64, file, data, bytes, at);
}

ssize_t pwrite64(int file, const void* data, size_t bytes, off64_t at) {
  return pwrite(file, data, bytes, at);
}

ssize_t writev(int file, const iovec* pieces, int count) {
  return is_refused(file) ? -1 : ::syscall(SYS_writev, file, pieces, count);
}

int fallocate(int file, int mode, off_t at, off_t bytes) {
  return is_refused(file) ? -1 : static_cast<int>(::syscall(SYS_fallocate, file, mode, at, bytes));
}

int fdatasync(int file) {
  wait_out_a_stall(file);
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}

int fsync(int file) {
  wait_out_a_stall(file);
  return static_cast<int>(::syscall(SYS_fsync, file));
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const int failed = static_cast<int>(::syscall(SYS_clock_gettime, clock, now));
  if (failed == 0 && clock == CLOCK_REALTIME && is_happening("clock")) {
    now->tv_sec += std::atol(text_of("clock").c_str());
  }
  return failed;
}

int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found) {
  using Function = int(const char*, const char*, const addrinfo*, addrinfo**);
  static Function* const real = reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  if (host == nullptr || std::strcmp(host, kModelHost) != 0) {
    return real(host, service, hints, found);
  }
  const std::string address = text_of("names");
  return address.empty() ? EAI_AGAIN : real(address.c_str(), service, hints, found);
}
}
