#pragma once
// What two gates on one store say to each other while the new one takes over, as bytes: u32 length
// of the body, u8 type, body. Numbers are little-endian. Pure.
//
//   new                       old
//   take_over            ->
//                        <-   listeners (with descriptors, as often as needed), then no_more
//   give_store           ->   stops accepting, closes its databases
//                        <-   store_is_yours
//   ready                ->
//                        <-   go: the store is the new one's
//   serving              ->   it accepts, and the old one drains
//                        <-   records, each answered by `recorded` once they are committed
//                        <-   done
//
// Either may say `refused` with the reason, and go away at any time: before `serving` the old one
// takes the store back and goes on. If it was its patience that ended, it says `cancelled`, and
// ends a process that holds the store all the same.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tallygate::lifecycle {

enum class Word : std::uint8_t {
  take_over = 1,
  listeners,
  no_more,
  refused,
  give_store,
  store_is_yours,
  ready,
  go,
  serving,
  cancelled,
  records,
  recorded,
  done,
};

std::string_view to_string(Word word);

inline constexpr std::size_t kMessageHeadBytes = 5;
/// 512 records, each far larger than any that was seen.
inline constexpr std::size_t kMostBodyBytes = std::size_t{64} << 20;
/// Of `take_over`: both sides must speak the same.
inline constexpr std::string_view kDialect = "tallygate-handover-2";

struct MessageHead {
  Word word = Word::done;
  std::size_t body_bytes = 0;
};

std::string render_message_head(const MessageHead& head);
/// `bytes` are kMessageHeadBytes. invalid_parameter: no such word, or a body beyond the limit.
Result<MessageHead> parse_message_head(std::string_view bytes);

}  // namespace tallygate::lifecycle
