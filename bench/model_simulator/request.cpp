#include "bench/model_simulator/request.h"

#include <algorithm>
#include <charconv>

namespace tallygate::simulator {
namespace {

constexpr std::size_t kMaxHeadBytes = std::size_t{256} << 10;
constexpr std::size_t kMaxLineBytes = std::size_t{16} << 10;
constexpr std::uint64_t kMaxBodyBytes = std::uint64_t{1} << 30;
constexpr std::size_t kKeptBytes = std::size_t{16} << 10;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Calls `one(name, value)` for each field until it returns false.
template <class One>
void each_header(std::string_view head, One one) {
  std::size_t at = head.find("\r\n");
  while (at != std::string_view::npos) {
    at += 2;
    const std::size_t end = head.find("\r\n", at);
    if (end == std::string_view::npos || end == at) return;
    const std::string_view line = head.substr(at, end - at);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos &&
        !one(line.substr(0, colon), trim(line.substr(colon + 1)))) {
      return;
    }
    at = end;
  }
}

}  // namespace

std::string_view Request::method() const {
  return std::string_view{head}.substr(0, head.find(' '));
}

std::string_view Request::target() const {
  const std::string_view line = std::string_view{head}.substr(0, head.find("\r\n"));
  const std::size_t first = line.find(' ');
  if (first == std::string_view::npos) return {};
  const std::size_t second = line.find(' ', first + 1);
  return second == std::string_view::npos ? line.substr(first + 1)
                                          : line.substr(first + 1, second - first - 1);
}

std::string_view Request::header(std::string_view name) const {
  std::string_view found;
  each_header(head, [&](std::string_view key, std::string_view value) {
    if (!same_name(key, name)) return true;
    found = value;
    return false;
  });
  return found;
}

std::vector<std::pair<std::string_view, std::string_view>> Request::headers() const {
  std::vector<std::pair<std::string_view, std::string_view>> all;
  each_header(head, [&](std::string_view key, std::string_view value) {
    all.emplace_back(key, value);
    return true;
  });
  return all;
}

void RequestReader::restart() {
  state_ = State::head;
  request_.head.clear();
  request_.body.clear();
  if (request_.body.capacity() > kKeptBytes) request_.body.shrink_to_fit();
  line_.clear();
}

std::size_t RequestReader::feed(std::string_view bytes) {
  std::size_t at = 0;
  if (state_ == State::head) at = feed_head(bytes);
  if (state_ != State::body) return at;
  if (chunked_) return at + feed_chunks(bytes.substr(at));
  const std::size_t take =
      static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - at));
  request_.body.append(bytes.substr(at, take));
  left_ -= take;
  if (left_ == 0) state_ = State::complete;
  return at + take;
}

std::size_t RequestReader::feed_head(std::string_view bytes) {
  std::string& head = request_.head;
  const std::size_t before = head.size();
  const std::size_t from = before < 3 ? 0 : before - 3;
  // Only what may hold the empty line is copied: a large body in the same read stays where it is.
  std::size_t end = before == 0 ? bytes.find("\r\n\r\n") : std::string_view::npos;
  if (end != std::string_view::npos) {
    head.assign(bytes.substr(0, end + 4));
  } else {
    head.append(bytes);
    end = head.find("\r\n\r\n", from);
    if (end == std::string_view::npos) {
      if (head.size() > kMaxHeadBytes) state_ = State::bad;
      return bytes.size();
    }
    head.resize(end + 4);
  }
  after_head();
  return head.size() - before;
}

void RequestReader::after_head() {
  left_ = 0;
  chunked_ = false;
  bool bad = false;
  each_header(request_.head, [&](std::string_view name, std::string_view value) {
    if (same_name(name, "content-length")) {
      const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), left_);
      bad = ec != std::errc{} || end != value.data() + value.size() || left_ > kMaxBodyBytes;
    } else if (same_name(name, "transfer-encoding")) {
      chunked_ = true;
    }
    return !bad;
  });
  if (bad) {
    state_ = State::bad;
  } else if (chunked_) {
    state_ = State::body;
    chunk_ = Chunk::size;
  } else {
    state_ = left_ == 0 ? State::complete : State::body;
    if (left_ > kKeptBytes) request_.body.reserve(std::min<std::uint64_t>(left_, 1 << 20));
  }
}

/// Appends up to the next LF to `line_`; true when a whole line is there, without its CRLF.
bool RequestReader::take_line(std::string_view bytes, std::size_t& at) {
  const std::size_t end = bytes.find('\n', at);
  const std::size_t take = (end == std::string_view::npos ? bytes.size() : end + 1) - at;
  line_.append(bytes.substr(at, take));
  at += take;
  if (line_.size() > kMaxLineBytes) state_ = State::bad;
  if (end == std::string_view::npos) return false;
  while (!line_.empty() && (line_.back() == '\n' || line_.back() == '\r')) line_.pop_back();
  return true;
}

std::size_t RequestReader::feed_chunks(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && state_ == State::body) {
    if (chunk_ != Chunk::data) {
      if (take_line(bytes, at) && state_ == State::body) after_chunk_line();
      continue;
    }
    const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - at));
    request_.body.append(bytes.substr(at, take));
    at += take;
    left_ -= take;
    if (left_ == 0) chunk_ = Chunk::data_end;
  }
  return at;
}

void RequestReader::after_chunk_line() {
  switch (chunk_) {
    case Chunk::size: {
      const auto [end, ec] = std::from_chars(line_.data(), line_.data() + line_.size(), left_, 16);
      if (ec != std::errc{} || end == line_.data() || left_ > kMaxBodyBytes ||
          left_ + request_.body.size() > kMaxBodyBytes) {
        state_ = State::bad;
      }
      chunk_ = left_ == 0 ? Chunk::trailer : Chunk::data;
      break;
    }
    case Chunk::data_end: chunk_ = Chunk::size; break;
    case Chunk::trailer:
      if (line_.empty()) state_ = State::complete;
      break;
    case Chunk::data: break;
  }
  line_.clear();
}

}  // namespace tallygate::simulator
