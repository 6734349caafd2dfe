#pragma once
// The body of POST /performance/blacklisted.

#include "gateway/api/models/blacklisting.h"
#include "gateway/api/shapes/fields.h"

namespace tallygate::api {

extern const Fields kBenchBody;

}  // namespace tallygate::api
