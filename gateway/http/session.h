#pragma once
// One client connection, from accept to close: requests are read, answered and finished strictly in
// order. Owned by its coroutine; one worker's thread only.

#include <optional>
#include <string>

#include "gateway/access/caller.h"
#include "gateway/http/body_buffer.h"
#include "gateway/http/input_buffer.h"
#include "gateway/http/loop/event_loop.h"
#include "gateway/http/loop/stream.h"
#include "gateway/http/message/acceptance.h"
#include "gateway/worker.h"

namespace tallygate::http {

struct Session {
  Session(Worker& owner, int fd);
  /// Of a request that no client waits for: what is written to it vanishes.
  explicit Session(Worker& owner);

  const config::Settings& settings() const { return *worker.view().settings; }
  const RequestHead& head() const { return parser.head(); }
  /// Arms the coarse deadline; a duration of zero means none.
  void set_deadline(config::Duration after);
  /// Frees the request's bytes and head: it is answered, or can no longer be sent again.
  void let_go_of_request();
  /// Of `out`, what the client has not taken yet.
  std::size_t queued_bytes() const { return out.size() - out_sent; }

  Worker& worker;
  std::optional<Worker::ConnectionCount> count;
  Parking parking;
  Stream client;
  RequestParser parser;
  InputBuffer in;

  // The request being served.
  std::size_t head_bytes = 0;       ///< in `in`
  std::size_t in_bytes = 0;         ///< head and what of the body lies in `in`
  std::string_view body;            ///< whole, in `in` or in `body_buffer`
  std::uint64_t request_bytes = 0;  ///< size of the body
  BodyBuffer body_buffer{worker.shared().overload->bodies};
  std::string pipelined;  ///< read past the end of a chunked body
  SteadyTime head_complete{};
  access::Caller caller;

  // The answer on its way out.
  std::string out;
  std::size_t out_sent = 0;
  std::uint64_t answer_bytes = 0;  ///< sent of this answer
  std::uint16_t status = 0;
  std::optional<Errc> error;  ///< why the gate itself refused, if it did
  bool close_after = false;
  bool reset_after = false;  ///< the answer broke and nothing but a reset would tell
};

/// The connection's coroutine.
Task<void> serve_connection(Worker& worker, int fd);

/// Sends what of `out` the socket takes now. False if the client cannot be written to any more.
bool send_some(Session& session);

/// Sends all of `out`. Errors: client_abort, client_slow (no progress for `patience`, if given,
/// else for the general write_progress); the connection ends with either, of a slow one by a reset.
Task<Result<void>> send_all(Session& session, std::optional<config::Duration> patience = {});

}  // namespace tallygate::http
