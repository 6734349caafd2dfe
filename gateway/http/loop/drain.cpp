#include "gateway/http/loop/drain.h"

namespace tallygate::http {
namespace {

constexpr std::chrono::seconds kPatience{1};
constexpr std::size_t kMostBytes = 64 * 1024;

Task<void> drain(EventLoop& loop, UpstreamPool& pool, UpstreamPtr connection) {
  Parking parking;
  loop.deadlines.add(parking);
  parking.wake_at(loop.now.steady + kPatience);
  connection->stream.set_owner(&parking);
  const auto ignore = [](void*, std::string_view) {};
  std::size_t total = 0;
  bool excess = false;  // bytes behind the answer: never reuse
  while (!excess && !connection->parser.body_done() && total < kMostBytes && !parking.expired()) {
    const std::span<char> scratch = loop.scratch();
    const IoResult read = connection->stream.read(scratch);
    if (read.status == IoStatus::would_block) {
      co_await parking.park();
      continue;
    }
    if (read.status != IoStatus::ok) break;
    total += read.bytes;
    const auto consumed =
        connection->parser.parse_body({scratch.data(), read.bytes}, ignore, nullptr);
    if (consumed.has_error()) break;
    excess = *consumed < read.bytes;
  }
  if (connection->parser.body_done() && !excess) {
    pool.put_idle(std::move(connection), loop.now.steady);
  } else {
    connection.reset();
    pool.wake_one_waiter();
  }
}

}  // namespace

void drain_aside(EventLoop& loop, UpstreamPool& pool, UpstreamPtr connection) {
  spawn(drain(loop, pool, std::move(connection)));
}

}  // namespace tallygate::http
