// An upstream's bytes through the response parser, at once and byte by byte; the first byte says
// whether the request was HEAD. What is accepted must render to a head that parses again.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "gateway/http/message/head_renderer.h"
#include "tests/gateway/http/feed.h"

using namespace tallygate;
using namespace tallygate::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const bool head_request = data[0] == 'h';
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string at_once = print_response(bytes, whole(), head_request);
  TG_ASSERT(print_response(bytes, one_byte(), head_request) == at_once);

  ResponseParser parser;
  parser.reset(head_request);
  const Result<std::size_t> used = parser.parse_head(bytes);
  if (!used || *used == 0) return 0;
  DownstreamStatus status;
  status.status = parser.head().status;
  std::string out;
  render_response_head(status, parser.head(), out);
  ResponseParser again;
  const Result<std::size_t> size_again = again.parse_head(out);
  TG_ASSERT(size_again && *size_again == out.size());
  TG_ASSERT(again.head().status == parser.head().status);
  return 0;
}
