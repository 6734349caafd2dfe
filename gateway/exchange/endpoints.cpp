#include "gateway/exchange/endpoints.h"

namespace tallygate {
namespace {

using access::KeyNeed;
using http::Method;
using router::Conversation;
using wire::Dialect;
using enum EndpointKind;

constexpr std::string_view kModelPrefix = "/v1/models/";

constexpr Endpoint post(std::string_view path, std::string_view operation,
                        Conversation conversation, Dialect dialect = Dialect::openai_other,
                        EndpointKind kind = json) {
  Endpoint row;
  row.method = Method::post;
  row.path = path;
  row.kind = kind;
  row.operation = operation;
  row.conversation = conversation;
  row.dialect = dialect;
  row.needs_messages = dialect == Dialect::openai_chat || dialect == Dialect::anthropic_messages;
  row.repeatable = dialect != Dialect::openai_responses;
  if (dialect == Dialect::anthropic_messages) row.protocol = config::Protocol::anthropic;
  return row;
}

constexpr Endpoint get(std::string_view path, EndpointKind kind,
                       KeyNeed key = KeyNeed::where_required) {
  Endpoint row;
  row.path = path;
  row.kind = kind;
  row.key = key;
  return row;
}

constexpr Endpoint write(std::string_view path, KeyNeed key) {
  Endpoint row;
  row.method = Method::post;
  row.path = path;
  row.kind = by_control;
  row.key = key;
  return row;
}

constexpr Endpoint kEndpoints[] = {
    post("/v1/chat/completions", "chat", Conversation::text_to_text, Dialect::openai_chat),
    post("/v1/messages", "chat", Conversation::text_to_text, Dialect::anthropic_messages),
    post("/v1/responses", "chat", Conversation::text_to_text, Dialect::openai_responses),
    post("/v1/completions", "text_completion", Conversation::text_to_text,
         Dialect::openai_completion),
    post("/v1/embeddings", "embeddings", Conversation::embedding),
    post("/v1/moderations", "moderation", Conversation::moderation),
    post("/v1/rerank", "rerank", Conversation::rerank),
    post("/v1/images/generations", "image_generation", Conversation::text_to_image),
    post("/v1/images/edits", "image_generation", Conversation::text_to_image, Dialect::openai_other,
         multipart),
    post("/v1/images/variations", "image_generation", Conversation::text_to_image,
         Dialect::openai_other, multipart),
    post("/v1/audio/speech", "speech", Conversation::text_to_audio),
    post("/v1/audio/transcriptions", "transcription", Conversation::audio_to_text,
         Dialect::openai_other, multipart),
    post("/v1/audio/translations", "transcription", Conversation::audio_to_text,
         Dialect::openai_other, multipart),
    get("/v1/models", models),
    get(kModelPrefix, model),
    get("/api/v1/ab-tests/user/variant", user_variant),
    // What decides tests is taken from nobody but an application that we know; who may ask a model
    // may also say what it thinks of the answer.
    write("/api/v1/ab-tests/{id}/metrics", KeyNeed::always),
    write("/v1/feedback", KeyNeed::where_required),
    get("/livez", livez, KeyNeed::none),
    get("/readyz", readyz, KeyNeed::none),
};

bool accepts(const Endpoint& row, Method method) {
  return row.method == method || (row.method == Method::get && method == Method::head);
}

/// Whether `path` is the row's, with anything in one segment for "{id}".
bool has_path(const Endpoint& row, std::string_view path) {
  const std::size_t brace = row.path.find('{');
  if (brace == std::string_view::npos) return path == row.path;
  const std::string_view behind = row.path.substr(row.path.find('}') + 1);
  if (!path.starts_with(row.path.substr(0, brace))) return false;
  path.remove_prefix(brace);
  const std::size_t end = path.find('/');
  return end != 0 && end != std::string_view::npos && path.substr(end) == behind;
}

}  // namespace

EndpointMatch find_endpoint(Method method, std::string_view path) {
  for (const Endpoint& row : kEndpoints) {
    const bool is_prefix = row.kind == model;
    const bool matches = is_prefix ? path.size() > row.path.size() && path.starts_with(row.path)
                                   : has_path(row, path);
    if (!matches) continue;
    EndpointMatch match;
    match.path_known = true;
    match.allow = row.method == Method::post ? "POST" : "GET, HEAD";
    if (is_prefix) match.tail = path.substr(row.path.size());
    if (accepts(row, method)) match.endpoint = &row;
    return match;
  }
  return {};
}

std::span<const Endpoint> all_endpoints() { return kEndpoints; }

}  // namespace tallygate
