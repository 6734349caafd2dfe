// Any body: the inspector refuses it, or what it found splices into a body that says the same.

#include "gateway/wire/inspect.h"

#include <cstdint>
#include <string>

#include "base/assert.h"
#include "gateway/wire/splice.h"

namespace {

std::string text_of(const tallygate::wire::SplicedBody& spliced) {
  std::string out;
  for (std::size_t i = 0; i < spliced.count; ++i) out += spliced.pieces[i];
  TG_ASSERT(out.size() == spliced.bytes);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tallygate::wire;
  static Inspector inspector;
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto facts = inspector.inspect(body, 64);
  if (!facts) return 0;
  TG_ASSERT(body[facts->last_brace.offset] == '}');
  TG_ASSERT(body[facts->model_value.offset] == '"');
  const bool stream = facts->stream;
  const std::string with_usage = text_of(splice_body(body, *facts, R"("up")", true));
  const std::string without = text_of(splice_body(body, *facts, R"("up")", false));

  const auto again = inspector.inspect(with_usage, 64);
  TG_ASSERT(again && again->model == "up" && again->stream == stream);
  TG_ASSERT(again->include_usage || !stream);
  TG_ASSERT(inspector.inspect(without, 64).has_value());
  return 0;
}
