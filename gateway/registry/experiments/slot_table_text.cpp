#include "gateway/registry/experiments/slot_table_text.h"

#include <algorithm>
#include <bit>

namespace tallygate::registry {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr unsigned kDigitBits = 6;
constexpr unsigned kMaxBits = 8;

/// Writes numbers of a few bits each, the lowest bits first, as base64 digits.
class BitWriter {
 public:
  void put(unsigned value, unsigned bits) {
    pending_ |= value << count_;
    count_ += bits;
    for (; count_ >= kDigitBits; count_ -= kDigitBits, pending_ >>= kDigitBits) {
      text_ += kDigits[pending_ % kDigits.size()];
    }
  }
  std::string finish() {
    if (count_ > 0) text_ += kDigits[pending_ % kDigits.size()];
    return std::move(text_);
  }

 private:
  unsigned pending_ = 0;
  unsigned count_ = 0;
  std::string text_;
};

class BitReader {
 public:
  explicit BitReader(std::string_view text) : text_(text) {}

  std::optional<unsigned> take(unsigned bits) {
    for (; count_ < bits; count_ += kDigitBits) {
      if (at_ == text_.size()) return std::nullopt;
      const std::size_t digit = kDigits.find(text_[at_++]);
      if (digit == std::string_view::npos) return std::nullopt;
      pending_ |= static_cast<unsigned>(digit) << count_;
    }
    const unsigned value = pending_ & ((1U << bits) - 1);
    pending_ >>= bits;
    count_ -= bits;
    return value;
  }
  bool is_spent() const { return at_ == text_.size() && pending_ == 0; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  unsigned pending_ = 0;
  unsigned count_ = 0;
};

/// "No arm" becomes 0 and the arms count from 1, so that few bits suffice for few arms.
unsigned coded(std::uint8_t slot) { return slot == router::kNoneSlot ? 0 : slot + 1U; }

}  // namespace

std::string slot_table_text(const router::SlotTable& table) {
  unsigned largest = 1;
  for (const std::uint8_t slot : table) largest = std::max(largest, coded(slot));
  const auto bits = static_cast<unsigned>(std::bit_width(largest));
  BitWriter writer;
  writer.put(bits, kDigitBits);
  for (const std::uint8_t slot : table) writer.put(coded(slot), bits);
  return writer.finish();
}

std::optional<router::SlotTable> parse_slot_table(std::string_view text) {
  BitReader reader(text);
  const auto bits = reader.take(kDigitBits);
  if (!bits || *bits == 0 || *bits > kMaxBits) return std::nullopt;
  router::SlotTable table;
  for (std::uint8_t& slot : table) {
    const auto value = reader.take(*bits);
    if (!value) return std::nullopt;
    slot = *value == 0 ? router::kNoneSlot : static_cast<std::uint8_t>(*value - 1);
  }
  if (!reader.is_spent()) return std::nullopt;
  return table;
}

}  // namespace tallygate::registry
