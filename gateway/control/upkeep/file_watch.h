#pragma once
// Notices that a configuration file was written or replaced: an editor's rename, a copy, or the
// `..data` link that Kubernetes swaps. Says only that it may have changed; whoever is told compares
// the text. Control's thread only.

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <string>

#include "gateway/http/asio.h"

namespace tallygate {

class FileWatch {
 public:
  /// `changed` is called kSettle after the last of a burst of changes. What cannot be watched (no
  /// inotify left, a directory that is not ours to read) is logged and never reported.
  FileWatch(asio::io_context& io, std::function<void()> changed);

  void start(const std::string& file);
  void stop();

 private:
  static constexpr std::chrono::milliseconds kSettle{200};
  static constexpr std::size_t kEventBytes = 4096;

  void await_events();
  bool concerns_file(std::size_t bytes) const;
  void settle();

  std::string name_;
  std::function<void()> changed_;
  asio::posix::basic_stream_descriptor<Executor> events_;
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, Executor>
      timer_;
  alignas(8) char buffer_[kEventBytes];
};

}  // namespace tallygate
