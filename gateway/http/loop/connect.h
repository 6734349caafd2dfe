#pragma once
// Opens a connection to a target: its addresses in order, TCP, then TLS where the URL says https.

#include "base/result.h"
#include "gateway/http/loop/event_loop.h"
#include "gateway/http/loop/waiter.h"
#include "gateway/http/upstream_pool.h"

namespace tallygate::http {

/// Parks in `waiter` until connected or its deadline (set by the caller) passes. Errors:
/// upstream_connect_error (refused, unreachable, TLS, name not known), upstream_connect_timeout,
/// client_abort. The pool must outlive the call.
Task<Result<UpstreamPtr>> connect_upstream(EventLoop& loop, UpstreamPool& pool, Waiter& waiter);

}  // namespace tallygate::http
