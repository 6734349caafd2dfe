#pragma once
// Looks up the targets' names, at once when they are new and again every kInterval, and leaves the
// answers where workers find them. A failed look-up keeps the last good answer. Lives on the
// control thread; Asio's resolver thread does the waiting.

#include <memory>
#include <vector>

#include "gateway/http/asio.h"
#include "gateway/upstream/upstream_target.h"

namespace tallygate {

class Resolver {
 public:
  static constexpr std::chrono::seconds kInterval{30};

  explicit Resolver(asio::io_context& io) : resolver_(io.get_executor()), timer_(io) {}

  /// From now on these are the targets to look after.
  void watch(std::vector<std::shared_ptr<const UpstreamTarget>> targets);
  void stop();

 private:
  using TcpResolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;

  void look_up_all();
  void look_up(std::shared_ptr<const UpstreamTarget> target);
  void look_up_later();

  TcpResolver resolver_;
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, Executor>
      timer_;
  std::vector<std::shared_ptr<const UpstreamTarget>> targets_;
};

}  // namespace tallygate
