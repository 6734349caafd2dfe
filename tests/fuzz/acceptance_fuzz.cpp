// A connection's bytes through the acceptance layer: pipelined requests, at once and byte by byte.
// Both must come to the same verdict, and what is accepted must render and parse again.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "gateway/http/message/head_renderer.h"
#include "tests/gateway/http/feed.h"

using namespace tallygate;
using namespace tallygate::http;

namespace {

void render_again(const RequestHead& head) {
  UpstreamRequestLine line;
  line.method = "POST";
  line.path = head.path.front() == '/' ? head.path : "/";
  line.query = head.query;
  line.host = "upstream";
  std::string out;
  render_request_head(line, head, out);
  RequestParser parser(AcceptanceLimits{.header_bytes = 64 * 1024});
  const Result<std::size_t> size = parser.parse_head(out);
  TG_ASSERT(size && *size == out.size());
  TG_ASSERT(!parser.has_body());
  TG_ASSERT(parser.head().authorization.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const AcceptanceLimits limits{.header_bytes = 2048, .header_count = 20, .body_bytes = 4096};
  RequestParser parser(limits);
  while (!bytes.empty()) {
    std::size_t used = 0;
    const std::string at_once = print_request(parser, bytes, whole(), &used);
    // Quadratic in the size, since each call gets a fresh copy: bounded by what a head may take.
    if (bytes.size() <= 2500) TG_ASSERT(print_request(bytes, one_byte(), limits) == at_once);
    if (used == 0 || used > bytes.size()) break;
    std::unique_ptr<std::string> buffer;
    parser.reset();
    TG_ASSERT(feed_head(parser, bytes, whole(), buffer));
    render_again(parser.head());
    bytes.remove_prefix(used);
    parser.reset();
  }
  return 0;
}
