#include "gateway/http/loop/reactor.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/assert.h"

namespace tallygate::http {

Reactor::Reactor()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_up_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (epoll_ < 0 || wake_up_ < 0) {
    throw std::system_error(errno, std::generic_category(), "cannot create an event loop");
  }
  // Edge-triggered, so the counter never needs to be read back.
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;
  TG_ASSERT(epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_up_, &event) == 0);
}

Reactor::~Reactor() {
  close(wake_up_);
  close(epoll_);
}

void Reactor::add(Watch& watch, int fd) {
  watch.fd = fd;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &watch;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) watch.broken = true;
}

void Reactor::add_listener(Watch& watch, int fd) {
  watch.fd = fd;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET | EPOLLEXCLUSIVE;
  event.data.ptr = &watch;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) watch.broken = true;
}

void Reactor::remove(Watch& watch) {
  if (watch.fd < 0) return;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, watch.fd, nullptr);
  watch.fd = -1;
  for (epoll_event& event : pending_) {
    if (event.data.ptr == &watch) event.data.ptr = nullptr;
  }
}

void Reactor::wait(std::chrono::milliseconds timeout) {
  const int count = epoll_wait(epoll_, events_.data(), static_cast<int>(kBatch),
                               static_cast<int>(timeout.count()));
  pending_ = std::span(events_).first(count > 0 ? static_cast<std::size_t>(count) : 0);
}

void Reactor::dispatch() {
  while (!pending_.empty()) {
    const epoll_event event = pending_.front();
    pending_ = pending_.subspan(1);
    note(event);
  }
}

void Reactor::note(const epoll_event& event) {
  auto* watch = static_cast<Watch*>(event.data.ptr);
  if (watch == nullptr) return;
  if ((event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) watch->can_read = true;
  if ((event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) watch->can_write = true;
  if ((event.events & EPOLLRDHUP) != 0) watch->half_closed = true;
  if ((event.events & (EPOLLHUP | EPOLLERR)) != 0) watch->broken = true;
  if (watch->owner != nullptr) watch->owner->wake();
}

void Reactor::interrupt() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_up_, &one, sizeof one);
}

}  // namespace tallygate::http
