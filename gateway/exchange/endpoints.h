#pragma once
// What the data listener answers: one constexpr table of method, path and what routing needs to
// know of each.

#include <span>
#include <string_view>

#include "config/settings.h"
#include "gateway/access/caller.h"
#include "gateway/http/message/head.h"
#include "gateway/wire/observe.h"
#include "router/record.h"

namespace tallygate {

enum class EndpointKind : std::uint8_t {
  json,
  multipart,
  models,
  model,
  user_variant,
  by_control,  ///< what touches the catalog: a row of the admin API that is for applications too
  livez,
  readyz,
};

struct Endpoint {
  http::Method method = http::Method::get;
  std::string_view path;  ///< may have one "{id}" segment
  EndpointKind kind = EndpointKind::json;
  access::KeyNeed key = access::KeyNeed::where_required;
  // Of inference endpoints:
  std::string_view operation = {};  ///< gen_ai.operation.name
  router::Conversation conversation = router::Conversation::text_to_text;
  wire::Dialect dialect = wire::Dialect::openai_other;
  config::Protocol protocol = config::Protocol::openai;
  bool needs_messages = false;
  bool repeatable = true;  ///< false: the upstream keeps state, so a retry could do it twice

  bool is_inference() const {
    return kind == EndpointKind::json || kind == EndpointKind::multipart;
  }
  bool has_body() const { return is_inference() || kind == EndpointKind::by_control; }
};

struct EndpointMatch {
  const Endpoint* endpoint = nullptr;  ///< null: see `path_known`
  bool path_known = false;             ///< true: another method is wanted -> 405 with `allow`
  std::string_view allow;
  std::string_view tail;  ///< of /v1/models/{id}
};

EndpointMatch find_endpoint(http::Method method, std::string_view path);

/// All rows, for /openapi.json, metrics and tests.
std::span<const Endpoint> all_endpoints();

}  // namespace tallygate
