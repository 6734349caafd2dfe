#include "gateway/api/feedback/rated_request.h"

#include "gateway/api/operation/record_view.h"

namespace tallygate::api {
namespace {

Error with_param(const Error& error, const char* param) {
  return make_error(error.code, error.message, param);
}

Error not_recorded(const char* param) {
  return make_error(Errc::not_found, "No request of this id is recorded.", param);
}

/// Ids of requests tell when they were made; other UUIDs, which models may give, do not.
bool has_expired(const Uuid& id, const AdminContext& context) {
  const config::Duration retention = context.settings.store.retention;
  const bool is_ours = id.bytes[6] >> 4 == 7;
  return is_ours && retention.count() > 0 && time_of(id) < context.now - retention;
}

Error missing(const Uuid& id, const char* param, const AdminContext& context) {
  if (!has_expired(id, context)) return not_recorded(param);
  return make_error(Errc::gone, "The record of this request has expired (store.retention).", param);
}

bool is_found(const Result<router::Record>& record) {
  return record.has_value() || record.error().code != Errc::not_found;
}

Result<router::Record> find_by_response_id(const std::string& id, const AdminContext& context) {
  const auto uuid = parse_uuid(id);
  if (uuid) {
    auto record = context.find_record(*uuid);
    if (is_found(record)) return record;
  }
  auto record = context.find_by_response_id(id);
  if (is_found(record)) return record;
  if (uuid) return missing(*uuid, "response_id", context);
  if (context.settings.store.index_response_ids) return not_recorded("response_id");
  return make_error(Errc::not_found,
                    "This gate does not index the ids of models (store.index_response_ids): give "
                    "the answer's x-request-id as request_id.",
                    "response_id");
}

Result<router::Record> find_by_either(const std::string& request_id, const std::string& response_id,
                                      const AdminContext& context) {
  if (request_id.empty() && response_id.empty()) {
    return make_error(Errc::missing_parameter,
                      "Name the request: request_id is its answer's x-request-id, response_id the "
                      "`id` in its answer.",
                      "request_id");
  }
  if (request_id.empty()) return find_by_response_id(response_id, context);
  const auto id = parse_uuid(request_id);
  if (!id) return with_param(id.error(), "request_id");
  auto record = context.find_record(*id);
  if (!is_found(record)) return missing(*id, "request_id", context);
  if (record && !response_id.empty() && response_id != record->response_id &&
      response_id != to_string(record->id)) {
    return make_error(Errc::invalid_parameter, "request_id and response_id name two requests.",
                      "response_id");
  }
  return record;
}

}  // namespace

Result<improve::RatedRequest> find_rated_request(const std::string& request_id,
                                                 const std::string& response_id,
                                                 const AdminContext& context) {
  const auto record = find_by_either(request_id, response_id, context);
  if (!record) return record.error();
  const auto name_of = [&](router::NameId id) { return std::string(context.names.text(id)); };
  improve::RatedRequest request;
  request.model = name_of(record->route);
  // To whom a route is closed its requests do not exist.
  const bool is_open = !context.allows_route || context.allows_route(request.model);
  if (!is_open || record->mirrored) {
    return not_recorded(request_id.empty() ? "response_id" : "request_id");
  }
  request.id = to_string(record->id);
  request.response_id = record->response_id;
  request.version = name_of(record->served_version);
  request.target = name_of(record->target);
  request.experiment = name_of(record->experiment);
  request.variant = variant_name(record->variant);
  request.epoch = record->epoch;
  request.at = record->started;
  return request;
}

}  // namespace tallygate::api
