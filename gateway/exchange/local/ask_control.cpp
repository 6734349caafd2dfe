#include "gateway/exchange/local/ask_control.h"

#include <algorithm>

#include "gateway/exchange/local/control_desk.h"
#include "gateway/http/message/head_renderer.h"
#include "gateway/http/response_writer.h"

namespace tallygate {
namespace {

struct Waiting {
  bool done = false;
  api::AdminResponse answer;
};

void write(http::Session& session, const api::AdminResponse& answer) {
  std::string fields;
  for (const auto& [name, value] : answer.headers) http::append_field(name, value, fields);
  http::write_answer(session, static_cast<std::uint16_t>(answer.status), answer.content_type,
                     answer.body, fields);
}

void refuse(http::Session& session, const char* why) {
  const Error error = make_error(Errc::overloaded, why);
  session.worker.metrics.count_rejected(error.code);
  http::write_error(session, config::Protocol::openai, error);
}

config::Duration patience_of(const config::Settings& settings) {
  const config::Duration total = settings.timeouts.total;
  return total.count() == 0 ? kCatalogPatience
                            : std::min<config::Duration>(total, kCatalogPatience);
}

}  // namespace

Task<void> ask_control(http::Session& session) {
  Worker& worker = session.worker;
  const std::string id = to_string(worker.make_id());
  const DataCall call{session.head(), session.body, id, session.caller.key()};
  session.set_deadline(patience_of(session.settings()));
  Waiting waiting;
  const auto done = [&](api::AdminResponse answer) {
    waiting.answer = std::move(answer);
    worker.post([&] {
      waiting.done = true;
      session.parking.wake();
    });
  };
  ControlDesk* const desk = worker.shared().desk;
  if (desk != nullptr && desk->ask(call, done)) {
    while (!waiting.done && !session.parking.expired()) co_await session.parking.park();
    if (waiting.done) {
      write(session, waiting.answer);
    } else {
      session.close_after = true;
      refuse(session, "the catalog takes too long; what was asked for may still be done");
    }
    co_await http::send_all(session);
    // The pool reads the request where it lies, so it stays for as long as that takes.
    while (!waiting.done) co_await session.parking.park();
    co_return;
  }
  refuse(session, "too many such requests wait already");
  co_await http::send_all(session);
}

}  // namespace tallygate
