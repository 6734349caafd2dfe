#include "gateway/control/upkeep/file_watch.h"

#include <spdlog/spdlog.h>
#include <sys/inotify.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace tallygate {

FileWatch::FileWatch(asio::io_context& io, std::function<void()> changed)
    : changed_(std::move(changed)), events_(io.get_executor()), timer_(io.get_executor()) {}

void FileWatch::start(const std::string& file) {
  const std::filesystem::path path(file);
  name_ = path.filename();
  const std::string folder = path.has_parent_path() ? path.parent_path() : ".";
  const int events = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (events >= 0) events_.assign(events);
  // The folder, since whoever replaces a file leaves a watch on it behind with the old one.
  if (events < 0 ||
      ::inotify_add_watch(events, folder.c_str(), IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO) < 0) {
    spdlog::warn("{}: its changes cannot be watched ({}); reload by SIGHUP or POST /-/reload", file,
                 std::strerror(errno));
    return;
  }
  await_events();
  settle();  // for what changed before the watch was there
}

void FileWatch::stop() {
  error_code ignored;
  events_.close(ignored);
  timer_.cancel();
}

void FileWatch::await_events() {
  events_.async_read_some(asio::buffer(buffer_), [this](error_code failed, std::size_t bytes) {
    if (failed) return;
    if (concerns_file(bytes)) settle();
    await_events();
  });
}

bool FileWatch::concerns_file(std::size_t bytes) const {
  for (std::size_t at = 0; at < bytes;) {
    inotify_event event{};
    std::memcpy(&event, buffer_ + at, sizeof event);
    const std::string_view name = event.len == 0 ? "" : buffer_ + at + sizeof event;
    if ((event.mask & IN_Q_OVERFLOW) != 0 || name == name_ || name.starts_with("..")) return true;
    at += sizeof event + event.len;
  }
  return false;
}

void FileWatch::settle() {
  timer_.expires_after(kSettle);
  timer_.async_wait([this](error_code failed) {
    if (!failed) changed_();
  });
}

}  // namespace tallygate
