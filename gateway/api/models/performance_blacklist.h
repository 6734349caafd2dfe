#pragma once
// The body of POST /performance/blacklisted.

#include "gateway/api/fields.h"
#include "gateway/api/models/blacklisting.h"

namespace tallygate::api {

extern const Fields kBenchBody;

}  // namespace tallygate::api
