#include "gateway/api/operation/record_fields.h"

namespace tallygate::api {
namespace {

constexpr Field text(std::string_view name, std::string_view note = {}) {
  return {.name = name, .required = true, .note = note, .nullable = true};
}

constexpr Field count(std::string_view name, std::string_view note = {}, bool nullable = false) {
  return {.name = name,
          .type = FieldType::integer,
          .required = true,
          .note = note,
          .min = 0,
          .nullable = nullable};
}

constexpr Field millis(std::string_view name, bool nullable = false) {
  return {.name = name,
          .type = FieldType::number,
          .required = true,
          .note = "Since the request's head was complete.",
          .min = 0,
          .nullable = nullable};
}

constexpr Field flag(std::string_view name, std::string_view note) {
  return {.name = name, .type = FieldType::boolean, .required = true, .note = note};
}

constexpr Field kAttemptMembers[] = {
    text("route"),
    text("version"),
    text("target"),
    count("status", "Of the upstream; null: none came.", true),
    text("cause", "Why it failed; null: it served."),
    count("start_ms"),
    count("duration_ms"),
};

constexpr Field kMembers[] = {
    {.name = "request_id", .required = true, .note = "The answer's x-request-id."},
    {.name = "started", .type = FieldType::timestamp, .required = true},
    text("route"),
    text("variant", "Assigned: a, b, ..."),
    text("assigned_version"),
    text("version", "That served."),
    text("fallback_reason", "Why another than the first choice served."),
    text("experiment"),
    count("epoch", "Of the experiment's table.", true),
    count("slot", "Of the experiment's table.", true),
    text("target", "That served, or was the last one tried."),
    {.name = "conversation_type", .required = true},
    count("status", "What the client was sent; 499: it had gone."),
    {.name = "outcome", .required = true},
    text("error"),
    text("phase", "Where an error ended it."),
    count("attempts"),
    {.name = "attempts_detail",
     .type = FieldType::array,
     .required = true,
     .note = "Of requests whose first attempt failed.",
     .members = kAttemptMembers},
    millis("latency_ms"),
    millis("first_token_ms", true),
    {.name = "overhead_ms",
     .type = FieldType::number,
     .required = true,
     .note = "Inside the gate.",
     .min = 0},
    count("input_tokens"),
    count("output_tokens"),
    count("cached_tokens"),
    {.name = "cost_usd", .type = FieldType::number, .required = true},
    text("unit_hash"),
    text("response_id", "The model's own."),
    text("tags"),
    flag("streamed", "Whether the answer was a stream."),
    count("events", "Of the stream."),
    count("request_bytes"),
    count("response_bytes"),
    flag("unacknowledged", "Answered before it was committed: the disk was slow."),
    flag("exceeded", "Its latency passed the limit of its experiment."),
    flag("mirrored", "A shadow copy."),
    text("mirror_of", "The request that was copied."),
};

}  // namespace

const Fields kRecordFields{.name = "RequestRecord", .fields = kMembers};
const Fields kRecordPageFields{.name = "RequestRecord", .fields = kMembers, .is_page = true};

}  // namespace tallygate::api
