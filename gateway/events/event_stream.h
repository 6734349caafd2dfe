#pragma once
// Sends the event feed to one client as server-sent events (WHATWG HTML, section 9.2). While
// nothing happens it is a suspended coroutine with a timer: no thread. The feed must outlive the
// io_context.

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "gateway/admin/admin_stream.h"
#include "gateway/events/event_feed.h"
#include "gateway/http/asio.h"
#include "gateway/http/message/head.h"

namespace tallygate {

/// A place among the feed's readers, left when it ends.
class FeedReader {
 public:
  /// Null: no place is free, or the feed has ended. The loop's thread.
  static std::shared_ptr<FeedReader> open(EventFeed& feed, asio::io_context& io,
                                          std::optional<std::uint64_t> last_id);
  ~FeedReader();
  FeedReader(const FeedReader&) = delete;
  FeedReader& operator=(const FeedReader&) = delete;

  bool has_gap() const { return subscription_.has_gap; }
  EventFeed::Batch read() { return feed_.read(subscription_); }
  /// Until something was published or the feed ended (true), at most `patience` (false).
  Awaitable<bool> wait(std::chrono::milliseconds patience);

 private:
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;

  FeedReader(EventFeed& feed, asio::io_context& io) : feed_(feed), timer_(io.get_executor()) {}

  EventFeed& feed_;
  Timer timer_;
  EventFeed::Subscription subscription_;
};

/// `Last-Event-ID` of a reconnecting client; nullopt when absent or not a number.
std::optional<std::uint64_t> last_event_id(const http::RequestHead& head);

struct EventStreamForm {
  std::string date;
  bool http_1_0 = false;
  std::chrono::milliseconds heartbeat{15'000};
};

/// Head and events, until the client is gone, too slow, or the feed ends. A client that fell out of
/// the feed's ring is told so by a last event `dropped`, one that asked for events that are no
/// longer there by a first event `gap`. The caller closes the connection.
Awaitable<void> send_events(AdminStream& stream, std::shared_ptr<FeedReader> reader,
                            EventStreamForm form);

}  // namespace tallygate
