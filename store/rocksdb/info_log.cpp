#include "store/rocksdb/info_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <mutex>

namespace tallygate::store {
namespace {

constexpr std::size_t kMaxLineBytes = 4096;
constexpr std::size_t kMaxFileBytes = std::size_t{8} << 20;
constexpr std::uint64_t kMicrosPerSecond = 1'000'000;

class InfoLog : public ::rocksdb::Logger {
 public:
  explicit InfoLog(const std::string& folder) : path_(folder + "/LOG") {}
  ~InfoLog() override { close(); }
  InfoLog(const InfoLog&) = delete;
  InfoLog& operator=(const InfoLog&) = delete;

  using ::rocksdb::Logger::Logv;

  void Logv(const char* format, va_list arguments) override {
    auto* env = ::rocksdb::Env::Default();
    std::string line = env->TimeToString(env->NowMicros() / kMicrosPerSecond) + ' ';
    char text[kMaxLineBytes];
    if (std::vsnprintf(text, sizeof text, format, arguments) < 0) return;
    line.append(text).push_back('\n');
    const std::lock_guard lock(mutex_);
    write(line);
  }

 private:
  void write(const std::string& line) {
    if (size_ + line.size() > kMaxFileBytes) {
      close();
      ::rename(path_.c_str(), (path_ + ".old").c_str());
    }
    if (file_ < 0 && !open()) return;
    const ssize_t written = ::write(file_, line.data(), line.size());
    if (written > 0) size_ += static_cast<std::size_t>(written);
  }

  bool open() {
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    struct stat about {};
    if (file_ < 0 || ::fstat(file_, &about) != 0) return false;
    size_ = static_cast<std::size_t>(about.st_size);
    return true;
  }

  void close() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
    size_ = 0;
  }

  std::string path_;
  std::mutex mutex_;
  int file_ = -1;
  std::size_t size_ = 0;
};

}  // namespace

std::shared_ptr<::rocksdb::Logger> make_info_log(const std::string& folder) {
  auto log = std::make_shared<InfoLog>(folder);
  log->SetInfoLogLevel(::rocksdb::WARN_LEVEL);
  return log;
}

}  // namespace tallygate::store
