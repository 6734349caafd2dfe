#include "gateway/http/gzip.h"

#include <zlib.h>

#include <optional>

#include "gateway/http/message/head.h"

namespace tallygate::http {
namespace {

constexpr int kLevel = 5;
constexpr int kGzipWindow = 15 + 16;  // the largest window, with gzip's head and tail
constexpr int kMemoryLevel = 8;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// "q=0", "q=0.", "q=0.000": what RFC 9110 section 12.4.2 calls not acceptable.
bool is_refused(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view one = trimmed(parameters.substr(0, parameters.find(';')));
    if (one.size() > 2 && (one[0] == 'q' || one[0] == 'Q') && one[1] == '=') {
      return one.substr(2).find_first_not_of("0.") == std::string_view::npos;
    }
    const std::size_t next = parameters.find(';');
    parameters = next == std::string_view::npos ? "" : parameters.substr(next + 1);
  }
  return false;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<bool> by_name;
  std::optional<bool> by_star;
  while (!accept_encoding.empty()) {
    const std::string_view one = accept_encoding.substr(0, accept_encoding.find(','));
    accept_encoding.remove_prefix(std::min(one.size() + 1, accept_encoding.size()));
    const std::size_t semicolon = std::min(one.find(';'), one.size());
    const std::string_view name = trimmed(one.substr(0, semicolon));
    const std::string_view parameters = one.substr(std::min(semicolon + 1, one.size()));
    if (equals_ignoring_case(name, "gzip") || equals_ignoring_case(name, "x-gzip")) {
      by_name = !is_refused(parameters);
    } else if (name == "*") {
      by_star = !is_refused(parameters);
    }
  }
  return by_name.value_or(by_star.value_or(false));
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return {};
  }
  std::string compressed(deflateBound(&stream, text.size()), '\0');
  // zlib does not write through next_in; its type only lacks the const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_out = static_cast<uInt>(compressed.size());
  const int done = deflate(&stream, Z_FINISH);
  compressed.resize(done == Z_STREAM_END ? stream.total_out : 0);
  deflateEnd(&stream);
  return compressed;
}

}  // namespace tallygate::http
