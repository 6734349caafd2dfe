#include "gateway/admin/admin_stream.h"

#include <boost/asio/write.hpp>

namespace tallygate {
namespace {

constexpr std::chrono::seconds kFinishTime{1};
constexpr std::size_t kLingerBytes = std::size_t{1} << 20;

}  // namespace

AdminStream::AdminStream(TcpSocket socket, http::TlsContext tls)
    : plain_(std::move(socket)), timer_(plain_.get_executor()), tls_(std::move(tls)) {
  error_code gone;
  const auto endpoint = plain_.remote_endpoint(gone);
  if (!gone) peer_ = endpoint.address();
  if (tls_ != nullptr) {
    secured_ = std::make_unique<Secured>(plain_, http::make_server_handle(*tls_).release());
  }
}

void AdminStream::start_timer() {
  timed_out_ = false;
  const int turn = ++*turn_;
  timer_.async_wait([this, turn, turns = std::weak_ptr<int>(turn_)](error_code cancelled) {
    const auto current = turns.lock();
    if (cancelled || current == nullptr || *current != turn) return;
    timed_out_ = true;
    error_code ignored;
    plain_.cancel(ignored);
  });
}

void AdminStream::stop_timer() {
  ++*turn_;
  timer_.cancel();
}

Awaitable<bool> AdminStream::shake_hands(std::chrono::milliseconds patience) {
  if (secured_ == nullptr) co_return true;
  timer_.expires_after(patience);
  start_timer();
  auto [failed] = co_await secured_->async_handshake(asio::ssl::stream_base::server, kNoThrow);
  stop_timer();
  co_return !failed;
}

Awaitable<std::size_t> AdminStream::read_some(asio::mutable_buffer into, SteadyTime deadline) {
  timer_.expires_at(deadline);
  start_timer();
  error_code failed;
  std::size_t bytes = 0;
  if (secured_ != nullptr) {
    std::tie(failed, bytes) = co_await secured_->async_read_some(into, kNoThrow);
  } else {
    std::tie(failed, bytes) = co_await plain_.async_read_some(into, kNoThrow);
  }
  stop_timer();
  co_return failed ? 0 : bytes;
}

Awaitable<bool> AdminStream::write(std::string_view bytes, std::chrono::milliseconds patience) {
  timer_.expires_after(patience);
  start_timer();
  error_code failed;
  std::size_t written = 0;
  const auto all = asio::buffer(bytes.data(), bytes.size());
  if (secured_ != nullptr) {
    std::tie(failed, written) = co_await asio::async_write(*secured_, all, kNoThrow);
  } else {
    std::tie(failed, written) = co_await asio::async_write(plain_, all, kNoThrow);
  }
  stop_timer();
  co_return !failed;
}

Awaitable<void> AdminStream::finish() {
  if (secured_ != nullptr) {
    // A client that does not answer the close_notify is not waited for.
    timer_.expires_after(kFinishTime);
    start_timer();
    co_await secured_->async_shutdown(kNoThrow);
    stop_timer();
  }
  error_code ignored;
  plain_.shutdown(TcpSocket::shutdown_send, ignored);
}

Awaitable<void> AdminStream::linger() {
  char dropped[4096];
  timer_.expires_after(kFinishTime);
  start_timer();
  for (std::size_t total = 0; total < kLingerBytes;) {
    auto [failed, bytes] = co_await plain_.async_read_some(asio::buffer(dropped), kNoThrow);
    if (failed) break;
    total += bytes;
  }
  stop_timer();
}

}  // namespace tallygate
