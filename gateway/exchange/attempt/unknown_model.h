#pragma once
// A target that does not know the model it is configured for: our mistake, not the client's.

#include "gateway/exchange/exchange.h"

namespace tallygate {

/// The answer whose head is there is a 404: upstream_auth_error (a configuration alarm) if its JSON
/// body says model_not_found, which is waited for as far as it fits behind the head. All that was
/// read stays in exchange.upstream_in. Other errors: why the wait was interrupted, by
/// `interrupted`.
Task<Result<void>> check_for_unknown_model(Exchange& exchange,
                                           std::optional<Errc> (*interrupted)(const Exchange&));

}  // namespace tallygate
