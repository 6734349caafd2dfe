#include "gateway/api/shapes/answers.h"

#include <utility>

#include "gateway/wire/errors.h"

namespace tallygate::api {

AdminResponse json_answer(std::string body, unsigned status) {
  AdminResponse response;
  response.status = status;
  response.body = std::move(body);
  response.body += '\n';
  return response;
}

AdminResponse error_answer(const AdminRequest& request, const Error& error) {
  return json_answer(wire::render_error_body(config::Protocol::openai, error, request.request_id),
                     traits_of(error.code).status);
}

}  // namespace tallygate::api
