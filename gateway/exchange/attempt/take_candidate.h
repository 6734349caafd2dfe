#pragma once
// Which target an exchange tries next.

#include "gateway/exchange/exchange.h"

namespace tallygate {

/// The next candidate that may be tried now: neither benched nor cooling down since the plan was
/// made, and recovering only if this exchange is the one that tries it (exchange.trial). Those that
/// are passed over come last: they are tried when nothing else is left. One must be left.
const router::Candidate* take_candidate(Exchange& exchange);

}  // namespace tallygate
