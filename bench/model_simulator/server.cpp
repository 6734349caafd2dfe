#include "bench/model_simulator/server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "bench/model_simulator/answers.h"

namespace tallygate::simulator {
namespace {

constexpr std::size_t kInputBytes = std::size_t{64} << 10;
constexpr std::size_t kSendBytes = std::size_t{16} << 10;
constexpr std::size_t kKeptOutBytes = std::size_t{4} << 10;
constexpr std::size_t kEarlyScanBytes = std::size_t{4} << 10;
constexpr int kEventsPerTurn = 256;
constexpr std::chrono::seconds kDiscardFor{5};

Error system_error(std::string_view what) {
  return make_error(Errc::config_invalid, fmt::format("{}: {}", what, std::strerror(errno)));
}

std::uint64_t tag(int fd, std::uint32_t generation) {
  return (std::uint64_t{generation} << 32) | static_cast<std::uint32_t>(fd);
}

void watch(int epoll, int fd, std::uint32_t events, std::uint32_t generation) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag(fd, generation);
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

bool is_own(Endpoint endpoint) {
  return endpoint == Endpoint::last || endpoint == Endpoint::stats || endpoint == Endpoint::reset ||
         endpoint == Endpoint::fault;
}

/// Header, else model name, else the process.
Result<Faults> choose_faults(const Request& request, const Ask& ask, const Board& board,
                             std::uint64_t number) {
  if (const std::string_view text = request.header("x-sim-fault"); !text.empty()) {
    return parse_faults(text);
  }
  if (Result<Faults> named = parse_model_faults(ask.model); !named || named->any) {
    return named;
  }
  return board.faults_for(number);
}

bool wants_early_answer(const Request& request) {
  return request.header("x-sim-fault").find("early-response") != std::string_view::npos ||
         std::string_view{request.body}
                 .substr(0, kEarlyScanBytes)
                 .find("sim-fault-early-response") != std::string_view::npos;
}

}  // namespace

Result<int> open_listener(const std::string& address, std::uint16_t port) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  if (::inet_pton(AF_INET, address.c_str(), &where.sin_addr) != 1) {
    return make_error(Errc::config_invalid,
                      fmt::format("--address {} is no IPv4 address like 127.0.0.1", address));
  }
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return system_error("socket");
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 ||
      ::listen(fd, 4096) != 0) {
    const Error error = system_error(fmt::format("listening on {}:{}", address, port));
    ::close(fd);
    return error;
  }
  return fd;
}

Result<std::uint16_t> port_of(int listener) {
  sockaddr_in where{};
  socklen_t size = sizeof where;
  if (::getsockname(listener, reinterpret_cast<sockaddr*>(&where), &size) != 0) {
    return system_error("getsockname");
  }
  return ntohs(where.sin_port);
}

Server::Server(const Profile& profile, Board& board, int listener, int stop, SSL_CTX* tls)
    : profile_(profile),
      board_(board),
      tls_(tls),
      listener_(listener),
      stop_(stop),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      now_(std::chrono::steady_clock::now()),
      input_(kInputBytes) {
  watch(epoll_, listener_, EPOLLIN, 0);
  watch(epoll_, stop_, EPOLLIN, 0);
}

Server::~Server() {
  slots_.clear();
  ::close(epoll_);
  ::close(listener_);
}

void Server::run() {
  std::array<epoll_event, kEventsPerTurn> events{};
  for (;;) {
    const int count = ::epoll_wait(epoll_, events.data(), kEventsPerTurn, timers_.wait_ms(now_));
    now_ = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      const int fd = static_cast<int>(event.data.u64 & 0xffffffffU);
      if (fd == stop_) return;
      if (fd == listener_) {
        accept_all();
      } else {
        on_event(fd, static_cast<std::uint32_t>(event.data.u64 >> 32), event.events);
      }
    }
    while (const auto due = timers_.take_due(now_)) {
      if (Connection* connection = find(due->slot, due->generation)) service(*connection);
    }
  }
}

Connection* Server::find(int fd, std::uint32_t generation) {
  const auto slot = static_cast<std::size_t>(fd);
  if (slot >= slots_.size() || !slots_[slot]) return nullptr;
  return slots_[slot]->generation == generation ? slots_[slot].get() : nullptr;
}

void Server::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto slot = static_cast<std::size_t>(fd);
    if (slot >= slots_.size()) slots_.resize(slot + 64);
    slots_[slot] = std::make_unique<Connection>(fd, tls_);
    slots_[slot]->number = ++board_.connections;
    slots_[slot]->generation = ++generations_;
    ++board_.connections_open;
    watch(epoll_, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, generations_);
  }
}

void Server::on_event(int fd, std::uint32_t generation, std::uint32_t events) {
  Connection* connection = find(fd, generation);
  if (connection == nullptr) return;
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 || connection->transport.is_tls()) {
    connection->readable = true;
  }
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) connection->peer_gone = true;
  service(*connection);
}

void Server::service(Connection& connection) {
  const int fd = connection.transport.fd();
  const std::uint32_t generation = connection.generation;
  for (;;) {
    if (!flush(connection)) return;
    if (connection.ending) {
      if (!end_reply(connection)) return;
    } else if (connection.reply && connection.peer_gone) {
      return abort(connection);
    } else if (connection.reply) {
      if (now_ < connection.wake_at) return;
      advance(connection);
    } else if (!take_input(connection)) {
      return;
    }
    if (find(fd, generation) == nullptr) return;
  }
}

/// True when everything is sent; false: come back later, or the connection is gone.
bool Server::flush(Connection& connection) {
  std::string& out = connection.out;
  if (out.empty()) return true;
  const bool drips = connection.reply && connection.reply->faults().slow_drip.count() > 0;
  while (connection.sent < out.size()) {
    std::string_view rest = std::string_view{out}.substr(connection.sent);
    if (drips) {
      if (now_ < connection.drip_at) {
        if (connection.peer_gone) abort(connection);
        return false;
      }
      rest = rest.substr(0, 1);
    }
    const Transport::Moved moved = connection.transport.write(rest);
    if (moved.state == Transport::State::closed) {
      abort(connection);
      return false;
    }
    if (moved.state == Transport::State::blocked) return false;
    connection.sent += moved.bytes;
    if (drips) {
      connection.drip_at = now_ + connection.reply->faults().slow_drip;
      wake_later(connection, connection.drip_at);
    }
  }
  out.clear();
  connection.sent = 0;
  if (out.capacity() > kKeptOutBytes) out.shrink_to_fit();
  return true;
}

void Server::advance(Connection& connection) {
  Step step;
  do {
    step = connection.reply->next(connection.out);
  } while (step.after == After::go_on && connection.out.size() < kSendBytes);
  if (step.after == After::hang) {
    connection.wake_at = SteadyTime::max();
  } else if (step.after == After::wait) {
    // Never due in this turn, so that streams without a pace take turns too.
    connection.wake_at = now_ + std::max(step.pause, Duration{1});
    wake_later(connection, connection.wake_at);
  } else if (step.after != After::go_on) {
    connection.ending = step.after;
  }
}

void Server::wake_later(Connection& connection, SteadyTime at) {
  timers_.add({at, connection.transport.fd(), connection.generation});
}

/// The whole answer is sent. False: the connection is gone.
bool Server::end_reply(Connection& connection) {
  const After ending = *connection.ending;
  connection.ending.reset();
  if (ending == After::reset || ending == After::cut || ending == After::close) {
    if (ending == After::reset) connection.transport.arm_reset();
    if (ending == After::close) connection.transport.say_goodbye();
    close(connection);
    return false;
  }
  if (connection.reply && connection.reply->is_stream()) --board_.streams_open;
  auto idle_close = connection.reply->faults().idle_close;
  if (ending == After::discard) idle_close = kDiscardFor;
  connection.reply.reset();
  connection.reader.restart();
  connection.continued = false;
  connection.discarding = ending == After::discard;
  if (idle_close) {
    connection.close_at = now_ + *idle_close;
    wake_later(connection, *connection.close_at);
  }
  return true;
}

/// Reads and feeds once. False: nothing more to do now, or the connection is gone.
bool Server::take_input(Connection& connection) {
  if (connection.close_at && now_ >= *connection.close_at && connection.reader.empty()) {
    connection.transport.say_goodbye();
    close(connection);
    return false;
  }
  std::string pipelined;
  std::string_view bytes;
  if (!connection.leftover.empty()) {
    pipelined.swap(connection.leftover);
    bytes = pipelined;
  } else {
    if (!connection.readable) return false;
    const auto moved = connection.transport.read(input_.data(), input_.size());
    if (moved.state == Transport::State::blocked) {
      connection.readable = false;
      return false;
    }
    if (moved.state == Transport::State::closed) {
      if (!connection.reader.empty()) ++board_.aborted;
      close(connection);
      return false;
    }
    // A short read drained the socket, unless its end is still to be read.
    if (moved.bytes < input_.size() && !connection.transport.is_tls() && !connection.peer_gone) {
      connection.readable = false;
    }
    bytes = {input_.data(), moved.bytes};
  }
  if (connection.discarding) return true;
  const std::size_t used = connection.reader.feed(bytes);
  if (used < bytes.size()) connection.leftover.assign(bytes.substr(used));
  after_feed(connection);
  return true;
}

void Server::after_feed(Connection& connection) {
  RequestReader& reader = connection.reader;
  const bool partial = reader.state() == RequestReader::State::body;
  if (reader.state() == RequestReader::State::complete ||
      reader.state() == RequestReader::State::bad) {
    begin(connection);
  } else if (partial && wants_early_answer(reader.request())) {
    begin(connection);
  } else if (partial && !connection.continued && !reader.request().header("expect").empty()) {
    connection.continued = true;
    connection.out += "HTTP/1.1 100 Continue\r\n\r\n";
  }
}

void Server::begin(Connection& connection) {
  connection.close_at.reset();
  connection.wake_at = {};
  Request& request = connection.reader.request();
  Ask ask = parse_ask(request);
  const bool own = is_own(ask.endpoint);
  Occasion occasion;
  occasion.number = own ? board_.requests.load() : ++board_.requests;
  occasion.connection = connection.number;
  const std::string_view line = std::string_view{request.head}.substr(0, request.head.find('\r'));
  const std::string_view wish = request.header("connection");
  occasion.http10 = line.ends_with("HTTP/1.0");
  occasion.keep_alive = wish != "close" && (!occasion.http10 || !wish.empty());

  const Endpoint endpoint = ask.endpoint;
  Result<Faults> faults =
      own ? Result<Faults>(Faults{}) : choose_faults(request, ask, board_, occasion.number);
  const bool bad = connection.reader.state() == RequestReader::State::bad;
  if (bad) occasion.keep_alive = false;
  connection.reply =
      std::make_unique<Reply>(profile_, std::move(ask), faults ? *faults : Faults{}, occasion);
  if (bad) {
    connection.reply->answer_with(400, render_error(endpoint, 400, "not a request"));
  } else if (!faults) {
    connection.reply->answer_with(400, render_error(endpoint, 400, faults.error().message));
  } else if (own) {
    begin_own(connection, endpoint, request, *connection.reply);
  }
  if (own || bad) return;
  board_.remember(request, occasion);
  if (connection.reply->is_stream()) {
    ++board_.streams_open;
    request = {};
  }
}

void Server::begin_own(Connection&, Endpoint endpoint, const Request& request, Reply& reply) {
  if (endpoint == Endpoint::last) return reply.answer_with(200, board_.render_last());
  if (endpoint == Endpoint::stats) return reply.answer_with(200, board_.render_stats());
  if (endpoint == Endpoint::reset) {
    board_.reset();
    return reply.answer_with(200, "{}");
  }
  Result<Faults> faults = parse_faults(request.body);
  if (!faults) return reply.answer_with(400, render_error(endpoint, 400, faults.error().message));
  board_.change_faults(std::move(*faults));
  reply.answer_with(200, "{}");
}

/// The client left although its answer was not complete.
void Server::abort(Connection& connection) {
  ++board_.aborted;
  close(connection);
}

void Server::close(Connection& connection) {
  if (connection.reply && connection.reply->is_stream()) --board_.streams_open;
  --board_.connections_open;
  slots_[static_cast<std::size_t>(connection.transport.fd())].reset();
}

}  // namespace tallygate::simulator
