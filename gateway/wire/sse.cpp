#include "gateway/wire/sse.h"

#include <algorithm>
#include <cstring>

namespace tallygate::wire {
namespace {

// Both searches look at most this far ahead, so that a stream that never uses one of the two line
// ends is not searched to its end for every line.
constexpr std::size_t kWindow = 512;

const char* find_byte(const char* from, const char* to, char byte) {
  const void* found = std::memchr(from, byte, static_cast<std::size_t>(to - from));
  return found ? static_cast<const char*>(found) : to;
}

// The first LF or CR, `end` if there is none.
const char* find_line_end(const char* at, const char* end) {
  while (at != end) {
    const char* stop = at + std::min(kWindow, static_cast<std::size_t>(end - at));
    const char* line_feed = find_byte(at, stop, '\n');
    const char* found = find_byte(at, line_feed, '\r');
    if (found != stop) return found;
    at = stop;
  }
  return end;
}

}  // namespace

std::size_t SseScanner::next_event(std::string_view bytes) {
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  const char* at = begin;
  const auto complete = [&](State state) {
    state_ = state;
    return static_cast<std::size_t>(at - begin);
  };
  while (at != end) {
    if (state_ == State::in_line) {
      at = find_line_end(at, end);
      if (at == end) break;
      state_ = *at++ == '\n' ? State::after_lf : State::after_cr;
      continue;
    }
    const char c = *at;
    if (state_ == State::after_blank) {
      if (c == '\n') return ++at, complete(State::boundary);
      state_ = State::boundary_after_cr;
      if (at != begin) return static_cast<std::size_t>(at - begin);
    }
    ++at;
    const bool after_cr = state_ == State::after_cr || state_ == State::boundary_after_cr;
    if (c == '\n') {
      if (state_ != State::after_cr) return complete(State::boundary);
      state_ = State::after_lf;
    } else if (c == '\r') {
      if (after_cr) return complete(State::boundary_after_cr);
      state_ = State::after_blank;
    } else {
      state_ = State::in_line;
    }
  }
  return 0;
}

std::size_t SseScanner::scan(std::string_view bytes) {
  std::size_t complete = 0;
  while (const std::size_t size = next_event(bytes.substr(complete))) complete += size;
  return complete;
}

std::string_view take_line(std::string_view& text) {
  const char* const end = text.data() + text.size();
  const char* stop = find_line_end(text.data(), end);
  const std::string_view line = text.substr(0, static_cast<std::size_t>(stop - text.data()));
  if (stop != end) {
    const bool crlf = *stop == '\r' && stop + 1 != end && stop[1] == '\n';
    stop += crlf ? 2 : 1;
  }
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return line;
}

bool read_field(std::string_view line, std::string_view name, std::string_view& value) {
  if (!line.starts_with(name)) return false;
  line.remove_prefix(name.size());
  if (!line.empty() && line.front() != ':') return false;
  if (!line.empty()) line.remove_prefix(1);
  if (line.starts_with(' ')) line.remove_prefix(1);
  value = line;
  return true;
}

SseEvent parse_event(std::string_view event) {
  SseEvent fields;
  while (!event.empty()) {
    const std::string_view line = take_line(event);
    std::string_view value;
    if (read_field(line, "data", value)) {
      if (!fields.has_data) fields.data = value;
      fields.multi_line = fields.has_data;
      fields.has_data = true;
    } else {
      read_field(line, "event", fields.event);
    }
  }
  return fields;
}

}  // namespace tallygate::wire
