#include "gateway/exchange/endpoints.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace tallygate {
namespace {

using http::Method;

std::string_view dialect_name(wire::Dialect dialect) {
  switch (dialect) {
    case wire::Dialect::openai_chat: return "chat";
    case wire::Dialect::openai_completion: return "completion";
    case wire::Dialect::openai_responses: return "responses";
    case wire::Dialect::openai_other: return "other";
    case wire::Dialect::anthropic_messages: return "messages";
  }
  return "?";
}

/// What the table says of `path`, as text.
std::string describe(Method method, std::string_view path) {
  const EndpointMatch match = find_endpoint(method, path);
  if (match.endpoint == nullptr) {
    return match.path_known ? "405 allow " + std::string(match.allow) : "404";
  }
  const Endpoint& row = *match.endpoint;
  std::string text;
  switch (row.kind) {
    case EndpointKind::json: text = "json"; break;
    case EndpointKind::multipart: text = "multipart"; break;
    case EndpointKind::models: text = "models"; break;
    case EndpointKind::model: text = "model '" + std::string(match.tail) + "'"; break;
    case EndpointKind::user_variant: text = "variant"; break;
    case EndpointKind::by_control: text = "control"; break;
    case EndpointKind::livez: text = "livez"; break;
    case EndpointKind::readyz: text = "readyz"; break;
  }
  if (row.key == access::KeyNeed::none) text += " public";
  if (row.key == access::KeyNeed::always) text += " with-key";
  if (!row.is_inference()) return text;
  text.append(" ").append(row.operation).append(" ").append(dialect_name(row.dialect));
  if (row.protocol == config::Protocol::anthropic) text += " anthropic";
  if (row.needs_messages) text += " needs-messages";
  if (!row.repeatable) text += " once";
  return text;
}

void check(std::string_view path, const std::string& expected,
           router::Conversation conversation = router::Conversation::text_to_text) {
  const bool is_get = !expected.starts_with("json") && !expected.starts_with("multipart") &&
                      !expected.starts_with("control");
  const Method method = is_get ? Method::get : Method::post;
  EXPECT_EQ(describe(method, path), expected) << path;
  EXPECT_EQ(find_endpoint(method, path).endpoint->conversation, conversation) << path;
  if (is_get) {
    EXPECT_EQ(describe(Method::head, path), expected) << path;
  }
  for (const Method other : {Method::put, Method::patch, Method::delete_, Method::options,
                             Method::other, is_get ? Method::post : Method::get}) {
    EXPECT_EQ(describe(other, path), is_get ? "405 allow GET, HEAD" : "405 allow POST") << path;
  }
}

TEST(Endpoints, HaveARowForEachPathOfTheApi) {
  using router::Conversation;
  check("/v1/chat/completions", "json chat chat needs-messages");
  check("/v1/messages", "json chat messages anthropic needs-messages");
  check("/v1/responses", "json chat responses once");
  check("/v1/completions", "json text_completion completion");
  check("/v1/embeddings", "json embeddings other", Conversation::embedding);
  check("/v1/moderations", "json moderation other", Conversation::moderation);
  check("/v1/rerank", "json rerank other", Conversation::rerank);
  check("/v1/images/generations", "json image_generation other", Conversation::text_to_image);
  check("/v1/images/edits", "multipart image_generation other", Conversation::text_to_image);
  check("/v1/images/variations", "multipart image_generation other", Conversation::text_to_image);
  check("/v1/audio/speech", "json speech other", Conversation::text_to_audio);
  check("/v1/audio/transcriptions", "multipart transcription other", Conversation::audio_to_text);
  check("/v1/audio/translations", "multipart transcription other", Conversation::audio_to_text);
  check("/v1/models", "models");
  check("/api/v1/ab-tests/user/variant", "variant");
  check("/api/v1/ab-tests/0190b0a0-0000-7000-8000-000000000000/metrics", "control with-key");
  check("/v1/feedback", "control");
  check("/livez", "livez public");
  check("/readyz", "readyz public");
}

TEST(Endpoints, GiveTheModelBehindThePrefix) {
  check("/v1/models/assistant", "model 'assistant'");
  check("/v1/models/org/name@1.0.0", "model 'org/name@1.0.0'");
  check("/v1/models/%2e%2e", "model '%2e%2e'");
}

TEST(Endpoints, DoNotKnowAnyOtherPath) {
  for (const std::string_view path :
       {"", "/", "*", "/v1", "/v1/", "/v1/models/", "/v1/model", "/v1/modelsx", "/V1/models",
        "//v1/models", "/v1/chat/completions/", "/v1/chat/completion", "/v1/chat/completionsx",
        "/livez/", "/readyz?", "/metrics", "/api/keys", "http://h/v1/models"}) {
    for (const Method method : {Method::get, Method::post, Method::head, Method::options}) {
      EXPECT_EQ(describe(method, path), "404") << path;
    }
  }
}

TEST(Endpoints, AreListedOnceAndFoundAsListed) {
  std::set<std::string_view> paths;
  for (const Endpoint& row : all_endpoints()) {
    EXPECT_TRUE(paths.insert(row.path).second) << row.path;
    const std::string path = std::string(row.path) + (row.kind == EndpointKind::model ? "x" : "");
    EXPECT_EQ(find_endpoint(row.method, path).endpoint, &row) << path;
    EXPECT_EQ(row.is_inference(), !row.operation.empty()) << path;
    EXPECT_TRUE(!row.is_inference() || row.path.starts_with("/v1/")) << path;
  }
  EXPECT_EQ(paths.size(), 20U);
}

TEST(Endpoints, TakeOneSegmentForAnId) {
  for (const char* path :
       {"/api/v1/ab-tests//metrics", "/api/v1/ab-tests/a/b/metrics", "/api/v1/ab-tests/a/metric",
        "/api/v1/ab-tests/a/metrics/", "/api/v1/ab-tests/metrics", "/api/v1/ab-tests/a"}) {
    EXPECT_EQ(describe(Method::post, path), "404") << path;
  }
}

}  // namespace
}  // namespace tallygate
