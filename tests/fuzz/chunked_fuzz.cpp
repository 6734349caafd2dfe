// A chunked body at once and byte by byte: the same payload, the same end, the same verdict.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "gateway/http/message/chunk_decoder.h"
#include "tests/gateway/http/feed.h"

using namespace tallygate;
using namespace tallygate::http;

namespace {

constexpr std::size_t kMaxPayload = 64;

std::string decode(std::string_view bytes, const Cut& cut) {
  ChunkDecoder decoder(Errc::bad_framing, kMaxPayload);
  std::string payload;
  const Result<std::size_t> used = feed_body(
      bytes, cut,
      [&](std::string_view piece) { return decoder.decode(piece, append_payload, &payload); },
      [&] { return decoder.done(); });
  TG_ASSERT(payload.size() <= kMaxPayload && payload.size() <= bytes.size());
  if (!used) return payload + print_error(used.error());
  TG_ASSERT(*used == bytes.size() || decoder.done());
  return payload + std::to_string(*used) + (decoder.done() ? " done" : " open");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string at_once = decode(bytes, whole());
  TG_ASSERT(decode(bytes, one_byte()) == at_once);
  TG_ASSERT(decode(bytes, random_cuts(static_cast<std::uint32_t>(size))) == at_once);
  return 0;
}
