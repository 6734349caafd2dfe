#pragma once
// Reads requests of the admin listener within its limits, which are those of the data plane but for
// the body: what an administrator sends is small.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "gateway/admin/admin_stream.h"
#include "gateway/http/message/acceptance.h"

namespace tallygate {

struct AdminLimits {
  static constexpr std::size_t kMostBodyBytes = std::size_t{8} << 20;

  int connections = 256;
  std::size_t strangers_body = 16 * 1024;          ///< of callers that are not admitted
  std::size_t held_bytes = std::size_t{64} << 20;  ///< of all requests that are being read
  http::AcceptanceLimits message{32 * 1024, 100, kMostBodyBytes};
  std::chrono::milliseconds headers{10'000};  ///< from its first byte to its last
  std::chrono::milliseconds body{30'000};
  std::chrono::milliseconds idle{75'000};  ///< between two requests
  std::chrono::milliseconds write{30'000};
};

/// Bytes that one connection holds, counted into what all hold. Shares the count, since connections
/// that are cut off at the end may outlive the server.
class HeldBytes {
 public:
  explicit HeldBytes(std::shared_ptr<std::size_t> all) : all_(std::move(all)) {}
  ~HeldBytes() { set(0); }
  HeldBytes(const HeldBytes&) = delete;
  HeldBytes& operator=(const HeldBytes&) = delete;

  void set(std::size_t bytes) {
    *all_ += bytes - bytes_;
    bytes_ = bytes;
  }
  std::size_t of_all() const { return *all_; }

 private:
  std::shared_ptr<std::size_t> all_;
  std::size_t bytes_ = 0;
};

/// A request as it was read: the parser's head views into `bytes`.
struct AdminIncoming {
  explicit AdminIncoming(const http::AcceptanceLimits& limits) : parser(limits) {}

  http::RequestParser parser;
  std::string bytes;  ///< what came before; then the head
  std::string body;
  std::string leftover;  ///< pipelined behind it
};

struct AdminReading {
  AdminStream& stream;
  const AdminLimits& limits;
  HeldBytes& held;
  const std::function<Moment()>& now;
  const std::function<bool(const http::RequestHead&)>& admits;
};

/// False: the connection ended, or was idle for too long. Errors: those of the acceptance layer,
/// request_timeout, invalid_api_key (a stranger's body is large), overloaded (the bytes of all
/// connections are too many); answer and close.
Awaitable<Result<bool>> read_admin_request(AdminReading reading, AdminIncoming& in);

}  // namespace tallygate
