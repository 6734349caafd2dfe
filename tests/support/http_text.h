#pragma once
// HTTP messages as text for tests that play a client or an upstream by hand.

#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/loopback.h"

namespace tallygate::testing {

struct Message {
  std::string head;  ///< with its empty line
  std::string body;  ///< chunks joined
  std::vector<std::string> chunks;

  /// The value of a field, as sent; "-" if it is absent.
  std::string field(std::string_view name) const {
    std::string line = "\r\n" + std::string(name) + ": ";
    const auto lower = [](std::string text) {
      for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
      return text;
    };
    const std::size_t at = lower(head).find(lower(line));
    if (at == std::string::npos) return "-";
    const std::size_t begin = at + line.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
  std::string first_line() const { return head.substr(0, head.find("\r\n")); }
  int status() const { return std::stoi(head.substr(9, 3)); }
};

inline std::string read_chunk(Peer& peer) {
  const std::string size = peer.read_until("\r\n");
  const std::size_t bytes = std::stoul(size, nullptr, 16);
  std::string data = peer.read_exactly(bytes + 2);
  if (data.substr(bytes) != "\r\n") throw std::runtime_error("a chunk without its end: " + data);
  data.resize(bytes);
  return data;
}

/// One whole message by its own framing; one without any has no body.
inline Message read_message(Peer& peer) {
  Message message;
  message.head = peer.read_until("\r\n\r\n");
  if (message.field("transfer-encoding") == "chunked") {
    for (std::string chunk = read_chunk(peer); !chunk.empty(); chunk = read_chunk(peer)) {
      message.body += chunk;
      message.chunks.push_back(std::move(chunk));
    }
  } else if (message.field("content-length") != "-") {
    message.body = peer.read_exactly(std::stoul(message.field("content-length")));
  }
  return message;
}

inline std::string chunk(std::string_view data) {
  char size[20];
  const auto end = std::to_chars(size, size + sizeof size, data.size(), 16).ptr;
  return std::string(size, end) + "\r\n" + std::string(data) + "\r\n";
}

inline std::string post(std::string_view path, std::string_view body,
                        std::string_view fields = {}) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: gate\r\n" + std::string(fields) +
         "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}
inline std::string post_chat(std::string_view body, std::string_view fields = {}) {
  return post("/v1/chat/completions", body, fields);
}

inline std::string json_answer(std::string_view body, std::string_view fields = {},
                               std::string_view status = "200 OK") {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: application/json\r\n" +
         std::string(fields) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

inline constexpr std::string_view kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
inline constexpr std::string_view kDone = "data: [DONE]\n\n";

/// One chat chunk with content.
inline std::string delta(std::string_view text) {
  return R"(data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":")" +
         std::string(text) + "\"}}]}\n\n";
}
inline std::string usage_event(int input, int output) {
  return R"(data: {"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":)" +
         std::to_string(input) + R"(,"completion_tokens":)" + std::to_string(output) + "}}\n\n";
}

}  // namespace tallygate::testing
