#include "gateway/lifecycle/handover/predecessor.h"

#include <thread>

namespace tallygate::lifecycle {
namespace {

/// The other one closes its databases in this time, or its disk hangs.
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kGreeting{10};
/// Between two who take over at once, one waits for the other.
constexpr int kTries = 50;
constexpr std::chrono::milliseconds kPause{200};

}  // namespace

Result<Predecessor> Predecessor::begin(HandoverSocket socket) {
  if (auto sent = socket.send(Word::take_over, kDialect); !sent) return sent.error();
  Listeners listeners;
  for (;;) {
    auto message = socket.receive(kGreeting);
    if (!message) return message.error();
    if (message->word == Word::no_more) break;
    if (message->word == Word::refused) {
      return make_error(Errc::conflict, "the running gate refuses: " + message->body);
    }
    if (message->word != Word::listeners) {
      return make_error(Errc::conflict, "the running gate does not speak of its listeners");
    }
    auto& into = message->body == "admin" ? listeners.admin : listeners.data;
    for (Descriptor& fd : message->descriptors) into.push_back(fd.release());
  }
  return Predecessor(std::move(socket), std::move(listeners));
}

Result<std::optional<Predecessor>> Predecessor::find(const std::string& store_path) {
  Error last;
  for (int i = 0; i < kTries; ++i) {
    auto socket = connect_to_gate(store_path);
    if (!socket && socket.error().code == Errc::not_found) return std::optional<Predecessor>{};
    if (!socket) return socket.error();
    auto found = begin(std::move(*socket));
    if (found) return std::optional<Predecessor>{std::move(*found)};
    last = found.error();
    if (last.code == Errc::conflict) break;  // it is there and has said no
    std::this_thread::sleep_for(kPause);
  }
  return last;
}

Result<void> Predecessor::ask_for_store() {
  if (auto sent = socket_.send(Word::give_store); !sent) return sent;
  const auto given = socket_.expect(Word::store_is_yours, kPatience);
  if (!given) return given.error();
  return {};
}

Result<void> Predecessor::tell_ready() {
  // Whether it hears us or is gone: the databases are open here, and nowhere else.
  [[maybe_unused]] const auto sent = socket_.send(Word::ready);
  // One that hangs may go on some day, and then hears that this one serves.
  if (!socket_.is_readable_within(kPatience)) return {};
  const auto heard = socket_.receive(kGreeting);
  if (heard && heard->word != Word::go) {
    return make_error(Errc::conflict,
                      "the gate before has taken its store back: this one was not "
                      "ready in time");
  }
  if (!heard) socket_ = HandoverSocket();
  return {};
}

}  // namespace tallygate::lifecycle
