// First byte: how the rest is cut. Cuts may merge events but never move an end into one.

#include "gateway/wire/sse.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/assert.h"

namespace {

using tallygate::wire::SseScanner;

std::vector<std::size_t> ends_of(std::string_view stream, std::size_t piece_bytes) {
  SseScanner scanner;
  std::vector<std::size_t> ends;
  for (std::size_t from = 0; from < stream.size(); from += piece_bytes) {
    std::string_view piece = stream.substr(from, piece_bytes);
    const std::size_t end = from + piece.size();
    while (const std::size_t size = scanner.next_event(piece)) {
      TG_ASSERT(size <= piece.size() && scanner.at_boundary());
      piece.remove_prefix(size);
      ends.push_back(end - piece.size());
    }
  }
  return ends;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t piece_bytes = 1 + data[0] % 64;
  const std::vector<std::size_t> whole = ends_of(stream, stream.size() + 1);
  const std::vector<std::size_t> cut = ends_of(stream, piece_bytes);
  TG_ASSERT(std::includes(whole.begin(), whole.end(), cut.begin(), cut.end()));

  SseScanner scanner;
  const std::size_t complete = scanner.scan(stream);
  TG_ASSERT(complete == (whole.empty() ? 0 : whole.back()));
  std::size_t from = 0;
  for (const std::size_t end : whole) {
    const std::string_view event = stream.substr(from, end - from);
    const auto fields = tallygate::wire::parse_event(event);
    TG_ASSERT(fields.data.size() + fields.event.size() <= event.size());
    from = end;
  }
  return 0;
}
