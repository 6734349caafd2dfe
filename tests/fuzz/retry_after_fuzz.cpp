// First line: a Retry-After; second line: a retry-after-ms. What is read of an upstream's is
// bounded, and when the gate itself asks for it, that reads as at least as long, up to a minute.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "gateway/access/rate_fields.h"
#include "gateway/upstream/retry_after.h"

using namespace tallygate;
using std::chrono::milliseconds;

namespace {

std::string_view value_of(std::string_view block, std::string_view name) {
  const std::size_t at = block.find(name);
  TG_ASSERT(at != std::string_view::npos);
  block.remove_prefix(at + name.size() + 2);  // and ": "
  return block.substr(0, block.find("\r\n"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr WallTime kNow{std::chrono::seconds{1'795'248'000}};
  constexpr milliseconds kMinute{60'000};
  constexpr milliseconds kLongestLimit{3'600'000};
  constexpr std::chrono::years kMost{9000};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view seconds = bytes.substr(0, bytes.find('\n'));
  const std::string_view millis = bytes.substr(std::min(seconds.size() + 1, bytes.size()));
  const auto wait = read_retry_after(seconds, millis, kNow);
  if (!wait) return 0;
  TG_ASSERT(*wait >= milliseconds{0} && *wait <= kMost);

  const milliseconds limit = std::min(*wait, kLongestLimit);
  std::string block;
  access::append_retry_fields(limit, block);
  const std::string_view sent_seconds = value_of(block, "Retry-After");
  const auto in_millis = read_retry_after({}, value_of(block, "retry-after-ms"), kNow);
  const auto in_seconds = read_retry_after(sent_seconds, {}, kNow);
  TG_ASSERT(in_millis == std::clamp(limit, milliseconds{1}, kMinute));
  TG_ASSERT(in_seconds && *in_seconds >= *in_millis && *in_seconds <= kMinute);
  TG_ASSERT(access::render_go_duration(limit).ends_with("s"));
  return 0;
}
