#include "gateway/lifecycle/listeners.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "gateway/http/acceptor.h"

namespace tallygate::lifecycle {
namespace {

/// Far more than any gate has workers.
constexpr int kMostSockets = 1100;

Error odd(const std::string& what) {
  return make_error(Errc::config_invalid, "socket activation: " + what);
}

std::optional<int> number_of(const char* text) {
  if (text == nullptr) return std::nullopt;
  const std::string_view digits(text);
  int value = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failed != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// By colons, as systemd writes them. It calls a socket without a name "unknown".
std::vector<std::string> names_of(const char* text, std::size_t count) {
  std::vector<std::string> names;
  std::string_view rest = text == nullptr ? std::string_view{} : std::string_view(text);
  while (!rest.empty() && names.size() < count) {
    const std::size_t colon = rest.find(':');
    const std::string_view name = rest.substr(0, colon);
    names.emplace_back(name == "unknown" ? std::string_view{} : name);
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
  }
  names.resize(count);
  return names;
}

bool is_listening(int fd) {
  int listens = 0;
  socklen_t size = sizeof listens;
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0;
}

std::string address_of(int fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return {};
  return http::text_of(bound);
}

bool listens_at(int fd, const std::string& address, std::uint16_t port) {
  return is_listening(fd) && http::port_of(fd) == port &&
         address_of(fd) == http::canonical_address(address);
}

void prepare(int fd) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

}  // namespace

Result<std::optional<Activation>> parse_activation(const char* pid, const char* count,
                                                   const char* names, int own_pid) {
  if (pid == nullptr || count == nullptr) return std::optional<Activation>{};
  const auto meant = number_of(pid);
  const auto sockets = number_of(count);
  if (!meant) return odd("LISTEN_PID is not a number: " + std::string(pid));
  if (*meant != own_pid) return std::optional<Activation>{};
  if (!sockets || *sockets < 0 || *sockets > kMostSockets) {
    return odd("LISTEN_FDS is not a number of sockets: " + std::string(count));
  }
  if (*sockets == 0) return std::optional<Activation>{};
  Activation activation;
  activation.names = names_of(names, static_cast<std::size_t>(*sockets));
  return std::optional<Activation>{std::move(activation)};
}

Result<Listeners> sort_sockets(const Activation& activation,
                               const std::map<int, std::uint16_t>& ports,
                               const config::Listeners& settings) {
  Listeners sorted;
  for (std::size_t i = 0; i < activation.names.size(); ++i) {
    const int fd = activation.first + static_cast<int>(i);
    const std::string& name = activation.names[i];
    const auto port = ports.find(fd);
    if (port == ports.end()) {
      return odd("descriptor " + std::to_string(fd) + " is not a listening TCP socket");
    }
    if (name == "data") {
      sorted.data.push_back(fd);
    } else if (name == "admin") {
      sorted.admin.push_back(fd);
    } else if (!name.empty() && !name.ends_with(".socket")) {
      return odd("a socket is named \"" + name + "\"; FileDescriptorName= must be data or admin");
    } else if (port->second == settings.admin.port) {
      sorted.admin.push_back(fd);
    } else if (port->second == settings.data.port || i == 0) {
      sorted.data.push_back(fd);
    } else {
      sorted.admin.push_back(fd);
    }
  }
  if (sorted.admin.size() > 1) return odd("more than one socket for the admin listener");
  return sorted;
}

Result<Listeners> inherited_listeners(const config::Listeners& settings) {
  const auto activation = parse_activation(std::getenv("LISTEN_PID"), std::getenv("LISTEN_FDS"),
                                           std::getenv("LISTEN_FDNAMES"), ::getpid());
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  if (!activation) return activation.error();
  if (!*activation) return Listeners{};
  std::map<int, std::uint16_t> ports;
  for (std::size_t i = 0; i < (*activation)->names.size(); ++i) {
    const int fd = (*activation)->first + static_cast<int>(i);
    if (!is_listening(fd)) continue;
    prepare(fd);
    ports[fd] = http::port_of(fd);
  }
  return sort_sockets(**activation, ports, settings);
}

Listeners keep_matching(const Listeners& offered, const config::Listeners& settings) {
  Listeners kept;
  for (const int fd : offered.data) {
    if (listens_at(fd, settings.data.address, settings.data.port)) {
      kept.data.push_back(fd);
    } else {
      ::close(fd);
    }
  }
  for (const int fd : offered.admin) {
    if (kept.admin.empty() && listens_at(fd, settings.admin.address, settings.admin.port)) {
      kept.admin.push_back(fd);
    } else {
      ::close(fd);
    }
  }
  return kept;
}

void close_all(const Listeners& listeners) {
  for (const int fd : listeners.data) ::close(fd);
  for (const int fd : listeners.admin) ::close(fd);
}

Result<void> bind_missing(const config::Listeners& settings, std::uint32_t workers,
                          Listeners& listeners) {
  if (listeners.data.empty()) {
    // SO_REUSEPORT lets a second gate listen unnoticed: first exclusively, for a moment.
    const auto probe =
        http::listen_on(settings.data.address, settings.data.port, http::Sharing::exclusive);
    if (probe.has_error()) return probe.error();
    const std::uint16_t port = http::port_of(*probe);
    ::close(*probe);
    for (std::uint32_t i = 0; i < workers; ++i) {
      const auto listener =
          http::listen_on(settings.data.address, port, http::Sharing::between_workers);
      if (listener.has_error()) return listener.error();
      listeners.data.push_back(*listener);
    }
  }
  if (!listeners.admin.empty()) return {};
  const auto admin =
      http::listen_on(settings.admin.address, settings.admin.port, http::Sharing::exclusive);
  if (admin.has_error()) return admin.error();
  listeners.admin.push_back(*admin);
  return {};
}

std::vector<std::vector<int>> spread(const std::vector<int>& data, std::uint32_t workers) {
  std::vector<std::vector<int>> shares(workers);
  for (std::size_t i = 0; i < std::max<std::size_t>(data.size(), workers); ++i) {
    const int fd = i < data.size() ? data[i] : ::fcntl(data[i % data.size()], F_DUPFD_CLOEXEC, 0);
    shares[i % workers].push_back(fd);
  }
  return shares;
}

}  // namespace tallygate::lifecycle
