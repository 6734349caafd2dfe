// First line: a Content-Type; the rest: a form. What is accepted stays accepted with another model.

#include "gateway/wire/multipart.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "gateway/wire/splice.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tallygate::wire;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = input.find('\n');
  if (line == std::string_view::npos) return 0;
  const auto boundary = multipart_boundary(input.substr(0, line));
  if (!boundary) return 0;
  const std::string body(input.substr(line + 1));
  const auto facts = inspect_multipart(body, *boundary);
  if (!facts) return 0;
  TG_ASSERT(body.substr(facts->model_value.offset, facts->model_value.size) == facts->model);

  const SplicedBody spliced = splice_multipart(body, *facts, "up");
  std::string out;
  for (std::size_t i = 0; i < spliced.count; ++i) out += spliced.pieces[i];
  const auto again = inspect_multipart(out, *boundary);
  TG_ASSERT(again && again->model == "up" && again->stream == facts->stream);
  TG_ASSERT(again->user == facts->user);
  return 0;
}
