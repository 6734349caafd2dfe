#include "gateway/lifecycle/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
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

void tell_stopping_to_manager() { tell("STOPPING=1"); }

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
