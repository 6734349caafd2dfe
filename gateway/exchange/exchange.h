#pragma once
// One inference request from its body to its record. Everything its coroutines know lives in one
// struct; the functions that drive it are siblings, called in turn by run_plan: connect_target (if
// no connection can be reused), call_target, relay_events or relay_body, and in the end always
// finish.

#include <boost/container/small_vector.hpp>
#include <string>

#include "gateway/exchange/attempt/backlog.h"
#include "gateway/exchange/attempt/pace_meter.h"
#include "gateway/exchange/commit_queue.h"
#include "gateway/exchange/endpoints.h"
#include "gateway/http/loop/waiter.h"
#include "gateway/http/session.h"
#include "gateway/http/upstream_pool.h"
#include "gateway/telemetry/chunk_gaps.h"
#include "gateway/wire/inspect.h"
#include "gateway/wire/observe.h"
#include "gateway/wire/sse.h"
#include "router/plan.h"

namespace tallygate {

/// The answer of a target on its way through.
struct Answer {
  explicit Answer(wire::Dialect dialect) : observer(dialect) {}

  wire::AnswerObserver observer;
  wire::SseScanner scanner;
  telemetry::ChunkGaps gaps;
  std::string held;     ///< whole events, or body bytes, that have not gone out yet
  std::string partial;  ///< of an event whose end has not come
  std::string
      terminal;  ///< the event that ends the stream, kept back until the record is committed
  std::uint32_t events = 0;
  SteadyTime last_event{};
  SteadyTime idle_until = http::kNever;
  PaceMeter pace;
  Backlog backlog;  ///< of session.out
  bool content_seen = false;
  bool error_seen = false;   ///< an in-band error
  bool oversized = false;    ///< inside an event above the limit: bytes pass through unseen
  bool last_unseen = false;  ///< the last event was such a one
  bool chunked = false;      ///< how the client gets it
};

struct Exchange {
  Exchange(http::Session& session, const Endpoint& endpoint);

  http::Session& session;
  Worker& worker;
  const Endpoint& endpoint;
  http::Waiter waiter;

  // What was asked.
  wire::BodyFacts facts;
  bool http_1_0 = false;
  std::uint64_t request_bytes = 0;
  SteadyTime started{};
  WallTime started_wall{};
  /// The total deadline until the first byte goes out; that of the whole stream afterwards.
  SteadyTime give_up_at = http::kNever;
  bool hurried = false;  ///< the client has shortened the total deadline
  config::Timeouts timeouts;
  std::string tags;
  std::optional<Uuid> mirror_of;  ///< this is a copy of that request: nobody waits for its answer

  // What was decided.
  Uuid id;
  router::Plan plan;
  std::size_t next_candidate = 0;

  // The attempt under way.
  const router::Candidate* candidate = nullptr;
  http::UpstreamPool* pool = nullptr;
  HealthBoard::Trial trial;  ///< held while this is the one request that tries a recovering target:
                             ///< until it may not be sent to another one any more
  http::UpstreamPtr upstream;
  http::InputBuffer upstream_in;  ///< the head and what came with it
  std::size_t upstream_head_bytes = 0;
  SteadyTime attempt_began{};
  SteadyTime upstream_asked{};  ///< when the request had been sent
  bool attempt_open = false;    ///< begun and not yet in `attempts`
  bool upload_cut = false;      ///< the target answered before it had the whole body
  bool reconnected = false;     ///< the free retry of a stale connection is spent
  boost::container::small_vector<router::Attempt, 3> attempts;
  std::shared_ptr<const std::atomic<bool>> bench_written;  ///< null = no attempt benched its target

  // What comes back.
  Answer answer;
  bool committed = false;  ///< the head is in session.out: no retry any more
  SteadyTime first_content{};
  std::chrono::microseconds upstream_time{0};  ///< waited for targets until the answer's head
  std::uint32_t overhead_us = 0;               ///< in the gate until the answer's head was rendered

  // How it ended.
  SteadyTime ended{};  ///< the last attempt's end
  router::Outcome outcome = router::Outcome::ok;
  Errc error = Errc::internal;
  router::Phase phase = router::Phase::queued;
  router::Phase ended_in = router::Phase::none;

  const UpstreamTarget& target() const { return pool->target(); }
  bool body_done() const { return upstream->parser.body_done(); }
  /// Wakes at now + `limit` (zero = none), at the latest at give_up_at.
  void set_deadline(config::Duration limit) { set_deadline(worker.loop.now.steady, limit); }
  void set_deadline(SteadyTime from, config::Duration limit);
  bool is_time_up() const { return worker.loop.now.steady >= give_up_at; }
  /// Why a wait ended at its deadline: `own`, the limit of what was waited for, unless it was the
  /// whole request's time that ran out and the target cannot be blamed for all of it.
  Errc cause_of_delay(Errc own) const;
  void conclude(router::Outcome how, Errc why);
};

/// Serves the request whose body is at session.body, with exactly one record if it is planned.
Task<void> handle_inference(http::Session& session, const Endpoint& endpoint);

}  // namespace tallygate
