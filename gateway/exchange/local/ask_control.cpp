#include "gateway/exchange/local/ask_control.h"

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

}  // namespace

Task<void> ask_control(http::Session& session) {
  Worker& worker = session.worker;
  const std::string id = to_string(worker.make_id());
  const DataCall call{session.head(), session.body, id, session.caller.key()};
  session.parking.clear_deadline();
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
    // The pool reads the request where it lies, so whatever else happens is dealt with afterwards.
    while (!waiting.done) co_await session.parking.park();
    write(session, waiting.answer);
  } else {
    const Error error = make_error(Errc::overloaded, "too many such requests wait already");
    worker.metrics.count_rejected(error.code);
    http::write_error(session, config::Protocol::openai, error);
  }
  co_await http::send_all(session);
}

}  // namespace tallygate
