#include "gateway/lifecycle/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "gateway/lifecycle/descriptor.h"

namespace tallygate::lifecycle {
namespace {

void tell(const std::string& message) {
  if (const char* const socket = std::getenv("NOTIFY_SOCKET")) notify(socket, message);
}

}  // namespace

void tell_ready_to_manager() { tell("READY=1\nMAINPID=" + std::to_string(::getpid())); }

void tell_reloading_to_manager(SteadyTime now) {
  const auto since_boot =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(since_boot.count()));
}

void tell_stopping_to_manager() { tell("STOPPING=1"); }

void tell_alive_to_manager() { tell("WATCHDOG=1"); }

std::optional<std::chrono::microseconds> parse_watchdog_period(const char* text) {
  if (text == nullptr) return std::nullopt;
  const std::string_view digits(text);
  std::int64_t micros = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), micros);
  if (ec != std::errc() || end != digits.data() + digits.size() || micros <= 0) return std::nullopt;
  return std::chrono::microseconds{micros};
}

std::optional<std::chrono::microseconds> watchdog_period() {
  return parse_watchdog_period(std::getenv("WATCHDOG_USEC"));
}

bool notify(std::string_view socket_path, std::string_view message) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.empty() || socket_path.size() >= sizeof address.sun_path) return false;
  socket_path.copy(address.sun_path, socket_path.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_path.size());
  const Descriptor fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return ::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL,
                  reinterpret_cast<const sockaddr*>(&address),
                  size) == static_cast<ssize_t>(message.size());
}

}  // namespace tallygate::lifecycle
