// First line: a query of the admin API; second line: a time. Paging is within its bounds, cursors
// and times are read back as they were written.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "gateway/api/shapes/query.h"
#include "gateway/api/shapes/timestamps.h"

using namespace tallygate;
using namespace tallygate::api;

namespace {

void check_query(std::string_view text) {
  const auto query = Query::parse(text, {"limit", "cursor", "modelType"});
  if (!query) {
    TG_ASSERT(query.error().code == Errc::invalid_parameter && !query.error().message.empty());
    return;
  }
  TG_ASSERT(query->value_of("modelType").size() <= text.size());
  TG_ASSERT(query->value_of("unknown").empty());
  const auto paging = parse_paging(*query);
  if (!paging) {
    TG_ASSERT(paging.error().param == "limit" || paging.error().param == "cursor");
    return;
  }
  TG_ASSERT(paging->limit >= 1 && paging->limit <= kMaxPage);
  const auto next = Query::parse("cursor=" + cursor_of(paging->after), {"cursor"});
  TG_ASSERT(next && parse_paging(*next).value().after == paging->after);
}

void check_time(std::string_view text) {
  const WallTime now{std::chrono::seconds{1'795'248'000}};
  const auto moment = parse_moment(text, now);
  if (!moment) return;
  TG_ASSERT(parse_rfc3339(render_rfc3339(*moment)) == moment);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view query = bytes.substr(0, bytes.find('\n'));
  check_query(query);
  if (const auto segment = decode_percent(query)) TG_ASSERT(segment->size() <= query.size());
  if (query.size() < bytes.size()) check_time(bytes.substr(query.size() + 1));
  return 0;
}
