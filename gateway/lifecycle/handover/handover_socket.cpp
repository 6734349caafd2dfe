#include "gateway/lifecycle/handover/handover_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace tallygate::lifecycle {
namespace {

constexpr const char* kName = "handover.sock";
constexpr const char* kNewName = "handover.sock.new";

Error failed(const std::string& what) {
  return make_error(Errc::storage_unavailable, "handover: " + what);
}

Error failed_by_errno(const std::string& what) {
  return failed(what + ": " + std::strerror(errno));
}

Descriptor make_socket() { return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

/// A socket's address has room for 107 bytes, a path may be longer: it is named through its
/// folder's descriptor.
sockaddr_un address_in(int folder, const char* name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", folder, name);
  return address;
}

const sockaddr* as_sockaddr(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

Descriptor open_folder(const std::string& path) {
  return Descriptor(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

std::optional<ucred> peer_of(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer;
}

bool is_same_user(int fd) {
  const auto peer = peer_of(fd);
  return peer && (peer->uid == ::geteuid() || peer->uid == 0);
}

/// None if it is in a namespace that is not seen from here.
Descriptor process_of(int fd) {
  const auto peer = peer_of(fd);
  if (!peer || peer->pid <= 0) return {};
  // By number: <sys/pidfd.h> of glibc 2.36 declares its functions for C only.
  return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, peer->pid, 0)));
}

/// Those that came with a message, whether they are wanted or not.
void take_descriptors(const msghdr& message, std::vector<Descriptor>& into) {
  for (const cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(part))) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      into.emplace_back(fd);
    }
  }
}

Result<void> send_whole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return failed_by_errno("cannot write to the other gate");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

/// The head, with descriptors, in one piece: it is five bytes.
Result<void> send_head(int fd, std::string head, std::span<const int> descriptors) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control{};
  iovec part{head.data(), head.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
  cmsghdr* const rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
  for (;;) {
    const ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(head.size())) return {};
    if (sent >= 0) return failed("a message was cut");
    if (errno != EINTR) return failed_by_errno("cannot hand over descriptors");
  }
}

}  // namespace

HandoverSocket::HandoverSocket(Descriptor connected)
    : fd_(std::move(connected)), peer_(process_of(fd_.get())) {}

Result<void> HandoverSocket::send(Word word, std::string_view body,
                                  std::span<const int> descriptors) {
  const std::string head = render_message_head({word, body.size()});
  auto sent =
      descriptors.empty() ? send_whole(fd_.get(), head) : send_head(fd_.get(), head, descriptors);
  if (!sent) return sent;
  return send_whole(fd_.get(), body);
}

Result<void> HandoverSocket::fill(std::span<char> into, std::vector<Descriptor>& descriptors,
                                  Patience patience) {
  while (!into.empty()) {
    pollfd waiting{fd_.get(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, patience ? static_cast<int>(patience->count()) : -1);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return failed("the other gate does not answer");
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control{};
    iovec part{into.data(), into.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t bytes = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return failed_by_errno("cannot read from the other gate");
    take_descriptors(message, descriptors);
    if (bytes == 0) return failed("the other gate has ended the conversation");
    into = into.subspan(static_cast<std::size_t>(bytes));
  }
  return {};
}

Result<Message> HandoverSocket::receive(Patience patience) {
  Message message;
  std::array<char, kMessageHeadBytes> bytes{};
  if (auto filled = fill(bytes, message.descriptors, patience); !filled) return filled.error();
  const auto head = parse_message_head({bytes.data(), bytes.size()});
  if (!head) return head.error();
  message.word = head->word;
  message.body.resize(head->body_bytes);
  if (auto filled = fill(message.body, message.descriptors, patience); !filled) {
    return filled.error();
  }
  return message;
}

Result<Message> HandoverSocket::expect(Word wanted, Patience patience) {
  auto message = receive(patience);
  if (!message || message->word == wanted) return message;
  if (message->word == Word::refused) return failed("the other gate refuses: " + message->body);
  return failed("the other gate says " + std::string(to_string(message->word)) + " instead of " +
                std::string(to_string(wanted)));
}

bool HandoverSocket::is_readable_within(std::chrono::milliseconds patience) const {
  pollfd waiting{fd_.get(), POLLIN, 0};
  return ::poll(&waiting, 1, static_cast<int>(patience.count())) > 0;
}

void HandoverSocket::shut_down() const { ::shutdown(fd_.get(), SHUT_RDWR); }

void HandoverSocket::end_peer() const {
  if (peer_.get() >= 0) ::syscall(SYS_pidfd_send_signal, peer_.get(), SIGKILL, nullptr, 0);
}

std::string handover_path(const std::string& store_path) { return store_path + "/" + kName; }

Result<HandoverSocket> connect_to_gate(const std::string& store_path) {
  const auto nobody =
      make_error(Errc::not_found, "no gate listens at " + handover_path(store_path));
  const Descriptor folder = open_folder(store_path);
  Descriptor fd = make_socket();
  if (folder.get() < 0 || fd.get() < 0) return nobody;
  const sockaddr_un address = address_in(folder.get(), kName);
  if (::connect(fd.get(), as_sockaddr(address), sizeof address) != 0) return nobody;
  if (!is_same_user(fd.get())) return failed("the gate on this store runs as another user");
  return HandoverSocket(std::move(fd));
}

Result<Descriptor> listen_for_successor(const std::string& store_path) {
  const Descriptor folder = open_folder(store_path);
  Descriptor fd = make_socket();
  if (folder.get() < 0 || fd.get() < 0) return failed_by_errno("no socket in " + store_path);
  ::unlinkat(folder.get(), kNewName, 0);
  const sockaddr_un address = address_in(folder.get(), kNewName);
  // Nobody can connect before listen(), so the mode is right in time.
  if (::bind(fd.get(), as_sockaddr(address), sizeof address) != 0 ||
      ::fchmodat(folder.get(), kNewName, S_IRUSR | S_IWUSR, 0) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0 ||
      ::renameat(folder.get(), kNewName, folder.get(), kName) != 0) {
    return failed_by_errno("cannot listen at " + handover_path(store_path));
  }
  return fd;
}

std::optional<HandoverSocket> accept_peer(int listener, int stop) {
  for (;;) {
    std::array<pollfd, 2> waiting{pollfd{listener, POLLIN, 0}, pollfd{stop, POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
    if (waiting[1].revents != 0) return std::nullopt;
    Descriptor peer(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (peer.get() >= 0 && is_same_user(peer.get())) return HandoverSocket(std::move(peer));
  }
}

}  // namespace tallygate::lifecycle
