#include "gateway/http/upstream_pool.h"

#include <algorithm>

namespace tallygate::http {
namespace {

/// Nothing has arrived for the upper layer. TLS has messages of its own (session tickets), so what
/// the socket holds is only known by reading.
bool is_silent(UpstreamConnection& connection) {
  if (connection.stream.broken()) return false;
  if (!connection.stream.has_input()) return true;
  char byte = 0;
  return connection.stream.read({&byte, 1}).status == IoStatus::would_block;
}

bool is_usable(UpstreamConnection& connection, SteadyTime now,
               std::chrono::milliseconds idle_limit) {
  return now - connection.idle_since < idle_limit && is_silent(connection);
}

}  // namespace

UpstreamPtr UpstreamPool::take_idle(SteadyTime now, std::chrono::milliseconds idle_limit) {
  while (!idle_.empty()) {
    UpstreamPtr connection = std::move(idle_.back());
    idle_.pop_back();
    if (is_usable(*connection, now, idle_limit)) return connection;
  }
  return nullptr;
}

bool UpstreamPool::is_current(const UpstreamConnection& connection) const {
  if (addresses_ == nullptr || addresses_->empty()) return true;
  return std::find(addresses_->begin(), addresses_->end(), connection.address) != addresses_->end();
}

void UpstreamPool::put_idle(UpstreamPtr connection, SteadyTime now) {
  if (!is_current(*connection)) {
    connection.reset();
    return wake_one_waiter();
  }
  connection->stream.set_owner(nullptr);
  connection->idle_since = now;
  connection->reused = true;
  idle_.push_back(std::move(connection));
  wake_one_waiter();
}

void UpstreamPool::sweep(SteadyTime now, std::chrono::milliseconds idle_limit) {
  addresses_ = target_->addresses.load();
  std::erase_if(idle_, [&](const UpstreamPtr& connection) {
    return !is_usable(*connection, now, idle_limit) || !is_current(*connection);
  });
}

void UpstreamPool::remove_waiter(Parking& parking) { std::erase(waiters_, &parking); }

void UpstreamPool::wake_one_waiter() {
  if (waiters_.empty()) return;
  Parking* first = waiters_.front();
  waiters_.pop_front();
  first->wake();
}

}  // namespace tallygate::http
