#include "gateway/lifecycle/handover/handover_message.h"

#include "store/bytes.h"

namespace tallygate::lifecycle {

std::string_view to_string(Word word) {
  switch (word) {
    case Word::take_over: return "take_over";
    case Word::listeners: return "listeners";
    case Word::no_more: return "no_more";
    case Word::refused: return "refused";
    case Word::give_store: return "give_store";
    case Word::store_is_yours: return "store_is_yours";
    case Word::ready: return "ready";
    case Word::go: return "go";
    case Word::serving: return "serving";
    case Word::cancelled: return "cancelled";
    case Word::records: return "records";
    case Word::recorded: return "recorded";
    case Word::done: return "done";
  }
  return {};
}

std::string render_message_head(const MessageHead& head) {
  std::string bytes(kMessageHeadBytes, '\0');
  store::put_little(bytes.data(), static_cast<std::uint32_t>(head.body_bytes));
  bytes[4] = static_cast<char>(head.word);
  return bytes;
}

Result<MessageHead> parse_message_head(std::string_view bytes) {
  const char* at = bytes.data();
  const auto body_bytes = store::take_little<std::uint32_t>(at);
  const auto word = static_cast<Word>(bytes[4]);
  if (to_string(word).empty()) {
    return make_error(
        Errc::invalid_parameter,
        "handover: there is no message of type " +
            std::to_string(static_cast<unsigned>(static_cast<unsigned char>(bytes[4]))));
  }
  if (body_bytes > kMostBodyBytes) {
    return make_error(Errc::invalid_parameter,
                      "handover: a message of " + std::to_string(body_bytes) +
                          " bytes; the limit is " + std::to_string(kMostBodyBytes));
  }
  return MessageHead{word, body_bytes};
}

}  // namespace tallygate::lifecycle
