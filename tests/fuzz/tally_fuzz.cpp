// Bytes of a checkpoint: what is read as a tally, its sums, a sketch, a count of units or a key is
// written as bytes that say the same, and adds up without leaving its range.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "router/tally/distinct_count.h"
#include "router/tally/tally.h"
#include "router/tally/tally_key.h"

using namespace tallygate;

namespace {

/// What is left of `bytes` behind it.
template <class T>
void round_trip(std::string_view bytes) {
  std::string_view rest = bytes;
  const Result<T> value = T::decode(rest);
  if (!value) {
    TG_ASSERT(value.error().code == Errc::storage_corrupt && !value.error().message.empty());
    return;
  }
  TG_ASSERT(rest.size() < bytes.size() && bytes.ends_with(rest));
  std::string once;
  value->encode(once);
  std::string_view left = once;
  const Result<T> again = T::decode(left);
  TG_ASSERT(again && left.empty());
  std::string twice;
  again->encode(twice);
  TG_ASSERT(once == twice);
  if constexpr (requires(T sum) { sum.merge(sum); }) {
    T sum = *value;
    sum.merge(*again);
  }
}

void ask(const router::Sketch& sketch) {
  double before = 0;
  for (const double q : {0.0, 0.5, 0.95, 1.0}) {
    const double value = sketch.quantile(q);
    TG_ASSERT(value >= before);
    before = value;
  }
  TG_ASSERT(sketch.count() == 0 || before <= sketch.max_millis());
  TG_ASSERT(sketch.count_at_most(before) <= sketch.count());
}

void check_key(std::string_view bytes) {
  std::string_view rest = bytes;
  const auto key = router::decode_tally_key(rest);
  if (!key) return;
  std::string text;
  router::encode(*key, text);
  TG_ASSERT(text.size() == router::kTallyKeyBytes && rest.size() + text.size() == bytes.size());
  std::string_view left = text;
  const auto again = router::decode_tally_key(left);
  TG_ASSERT(again && *again == *key && left.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0: round_trip<router::Tally>(bytes); break;
    case 1: round_trip<router::Totals>(bytes); break;
    case 2: {
      round_trip<router::Sketch>(bytes);
      std::string_view in = bytes;
      if (const auto sketch = router::Sketch::decode(in)) ask(*sketch);
      break;
    }
    case 3: round_trip<router::DistinctCount>(bytes); break;
    default: check_key(bytes);
  }
  return 0;
}
