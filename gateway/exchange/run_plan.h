#pragma once
// The two steps that a client's request and a copy of one share.

#include "gateway/exchange/exchange.h"

namespace tallygate {

/// Reads what the request asks and decides on its targets; `model` replaces the one it names,
/// unless it is empty. Errors: those of read_facts() and router::plan_route().
Result<void> plan_exchange(Exchange& x, std::string_view model);

/// Tries targets until one serves or none is left. What ends the answer is in session.out then.
Task<void> run_plan(Exchange& x);

}  // namespace tallygate
