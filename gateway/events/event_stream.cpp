#include "gateway/events/event_stream.h"

#include <charconv>

#include "gateway/admin/admin_answer.h"

namespace tallygate {
namespace {

/// For a write to get through; then the client is too slow.
constexpr std::chrono::seconds kPatience{30};

std::string head_text(const std::string& date, bool chunked) {
  return "HTTP/1.1 200 OK\r\nDate: " + date +
         "\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n" +
         std::string(kSecurityFields) + "X-Accel-Buffering: no\r\nConnection: close\r\n" +
         (chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n");
}

std::string framed(const std::string& text, bool chunked) {
  if (!chunked) return text;
  char size[2 * sizeof(std::size_t)];
  const auto end = std::to_chars(size, size + sizeof size, text.size(), 16).ptr;
  return std::string(size, end) + "\r\n" + text + "\r\n";
}

std::string text_of(const EventFeed::Batch& batch) {
  if (batch.missed > 0) {
    return "event: dropped\ndata: {\"missed\":" + std::to_string(batch.missed) + "}\n\n";
  }
  std::string text;
  for (const FeedEvent& event : batch.events) text += render_event(event);
  return text;
}

}  // namespace

std::shared_ptr<FeedReader> FeedReader::open(EventFeed& feed, asio::io_context& io,
                                             std::optional<std::uint64_t> last_id) {
  std::shared_ptr<FeedReader> reader(new FeedReader(feed, io));
  auto subscription = feed.subscribe(last_id, [weak = std::weak_ptr<FeedReader>(reader), &io] {
    asio::post(io, [weak] {
      if (const auto woken = weak.lock()) woken->timer_.cancel();
    });
  });
  if (!subscription) return nullptr;
  reader->subscription_ = *subscription;
  return reader;
}

FeedReader::~FeedReader() { feed_.unsubscribe(subscription_); }

Awaitable<bool> FeedReader::wait(std::chrono::milliseconds patience) {
  timer_.expires_after(patience);
  auto [woken] = co_await timer_.async_wait(kNoThrow);
  co_return static_cast<bool>(woken);
}

std::optional<std::uint64_t> last_event_id(const http::RequestHead& head) {
  const std::string_view text = head.value_of("last-event-id");
  std::uint64_t id = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

Awaitable<void> send_events(AdminStream& stream, std::shared_ptr<FeedReader> reader,
                            EventStreamForm form) {
  const bool chunked = !form.http_1_0;
  std::string first = reader->has_gap() ? "event: gap\ndata: {}\n\n" : ": welcome\n\n";
  std::string text = head_text(form.date, chunked) + framed(first, chunked);
  bool sent = co_await stream.write(text, kPatience);
  while (sent) {
    const EventFeed::Batch batch = reader->read();
    if (batch.closed) break;
    if (batch.missed == 0 && batch.events.empty()) {
      const bool woken = co_await reader->wait(form.heartbeat);
      text = framed(": alive\n\n", chunked);
      if (!woken) sent = co_await stream.write(text, kPatience);
      continue;
    }
    text = framed(text_of(batch), chunked);
    sent = co_await stream.write(text, kPatience);
    if (batch.missed > 0) break;
  }
  if (sent && chunked) co_await stream.write("0\r\n\r\n", kPatience);
}

}  // namespace tallygate
