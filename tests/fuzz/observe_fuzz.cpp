// First byte: the dialect. The rest is observed as a stream and as a whole body.

#include "gateway/wire/observe.h"

#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "gateway/wire/sse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tallygate::wire;
  if (size == 0) return 0;
  const auto dialect = static_cast<Dialect>(data[0] % 5);
  std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);

  AnswerObserver whole(dialect);
  whole.observe_body(rest);
  TG_ASSERT(!whole.done());

  AnswerObserver observer(dialect);
  SseScanner scanner;
  bool done = false;
  while (const std::size_t end = scanner.next_event(rest)) {
    const EventFacts facts = observer.observe_event(rest.substr(0, end));
    TG_ASSERT(!facts.content || (!facts.error && !facts.usage_only));
    done = done || facts.done;
    rest.remove_prefix(end);
  }
  observer.observe_event(rest);
  TG_ASSERT(observer.done() || !done);
  TG_ASSERT(observer.response_id().size() <= AnswerObserver::kMaxResponseIdBytes);
  return 0;
}
