#pragma once
// /v1/feedback: what people think of answers. Applications give it on the data listener, with what
// they need for a request; operators read it.

#include <span>

#include "gateway/api/admin.h"

namespace tallygate::api {

std::span<const AdminRoute> feedback_routes();

}  // namespace tallygate::api
