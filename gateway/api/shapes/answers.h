#pragma once
// The shapes that all families share: JSON documents and errors with their four keys.

#include <string>

#include "gateway/api/admin.h"

namespace tallygate::api {

AdminResponse json_answer(std::string body, unsigned status = 200);

/// Status and keys come from the table in base/error.
AdminResponse error_answer(const AdminRequest& request, const Error& error);

}  // namespace tallygate::api
