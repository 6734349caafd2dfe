#include "gateway/api/operation/operation.h"

#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/json_text.h"

namespace tallygate::api {
namespace {

AdminResponse refuse_reload(const AdminRequest& request, const ReloadOutcome& outcome) {
  const auto count = outcome.problems.size();
  const Error error = make_error(Errc::config_invalid,
                                 "The configuration has " + std::to_string(count) +
                                     (count == 1 ? " problem" : " problems") +
                                     " and was not loaded; the one before still serves. First: " +
                                     config::to_string(outcome.problems.front()));
  AdminResponse response = error_answer(request, error);
  JsonText problems;
  problems.open('[');
  for (const config::Problem& problem : outcome.problems) {
    problems.open('{');
    problems.add("file", problem.file);
    problems.add_raw("line", std::to_string(problem.line));
    problems.add_raw("column", std::to_string(problem.column));
    problems.add("message", problem.message);
    problems.close('}');
  }
  problems.close(']');
  // The list stands beside `error`, so that clients that know only errors still read one.
  response.body.insert(response.body.rfind('}'), ",\"problems\":" + problems.text());
  return response;
}

}  // namespace

AdminResponse answer_metrics(const AdminRequest& request, std::string_view,
                             const AdminContext& context) {
  if (!context.settings.telemetry.prometheus) {
    return error_answer(request, make_error(Errc::not_found, "telemetry.prometheus is off."));
  }
  telemetry::Negotiated negotiated = telemetry::negotiate(request.head.value_of("accept"));
  AdminResponse response;
  response.body = context.render_metrics(negotiated.format);
  response.content_type = std::move(negotiated.content_type);
  response.headers.emplace_back("Vary", "Accept");
  return response;
}

AdminResponse answer_config(const AdminRequest&, std::string_view, const AdminContext& context) {
  AdminResponse response;
  response.content_type = "application/yaml";
  response.body = config::print_redacted(context.settings);
  return response;
}

AdminResponse answer_version(const AdminRequest&, std::string_view, const AdminContext& context) {
  JsonText json;
  json.open('{');
  json.add("name", "tallygate");
  json.add("version", context.version);
  json.close('}');
  return json_answer(json.take());
}

AdminResponse answer_reload(const AdminRequest& request, std::string_view,
                            const AdminContext& context) {
  const ReloadOutcome outcome = context.reload();
  if (!outcome.problems.empty()) return refuse_reload(request, outcome);
  JsonText json;
  json.open('{');
  json.add("generation", outcome.generation);
  json.open("changes", '[');
  for (const std::string& change : outcome.changes) json.add_string(change);
  json.close(']');
  json.close('}');
  return json_answer(json.take());
}

}  // namespace tallygate::api
