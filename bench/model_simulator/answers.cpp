#include "bench/model_simulator/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tallygate::simulator {
namespace {

constexpr std::string_view kFiller =
    "All of this is filler that makes the answer as long as asked. ";

/// Text of exactly `bytes`, plain ASCII without anything JSON would escape.
std::string fill_text(std::size_t bytes) {
  std::string text;
  text.reserve(bytes + kFiller.size());
  while (text.size() < bytes) text += kFiller;
  text.resize(bytes);
  return text;
}

std::string render_chat(const Ask& ask, const Profile& profile, std::string_view id) {
  const unsigned tokens = count_tokens(ask, profile);
  const std::string head =
      fmt::format(R"({{"id":"chatcmpl-{}","object":"chat.completion","created":{},"model":"{}",)"
                  R"("choices":[{{"index":0,"message":{{"role":"assistant","content":")",
                  id, profile.created, ask.model);
  const std::string tail = fmt::format(
      R"(","refusal":null,"annotations":[]}},"logprobs":null,"finish_reason":"{}"}}],{},)"
      R"("service_tier":"default","system_fingerprint":"fp_simulator"}})",
      is_cut_short(ask, profile) ? "length" : "stop", render_usage(profile, tokens));
  const std::size_t fixed = head.size() + tail.size();
  if (profile.answer_bytes != 0) {
    return head + fill_text(std::max(profile.answer_bytes, fixed) - fixed) + tail;
  }
  return head + join_tokens(profile, tokens) + tail;
}

std::string render_completion(const Ask& ask, const Profile& profile, std::string_view id) {
  const unsigned tokens = count_tokens(ask, profile);
  return fmt::format(
      R"({{"id":"cmpl-{}","object":"text_completion","created":{},"model":"{}",)"
      R"("choices":[{{"text":"{}","index":0,"logprobs":null,"finish_reason":"{}"}}],{}}})",
      id, profile.created, ask.model, join_tokens(profile, tokens),
      is_cut_short(ask, profile) ? "length" : "stop", render_usage(profile, tokens));
}

std::string render_embeddings(const Ask& ask, const Profile& profile) {
  // Eight little-endian floats: 0.0, 0.125, ... 0.875; the same in both encodings.
  constexpr std::string_view kFloats = "[0,0.125,0.25,0.375,0.5,0.625,0.75,0.875]";
  constexpr std::string_view kBase64 = "\"AAAAAAAAAD4AAIA+AADAPgAAAD8AACA/AABAPwAAYD8=\"";
  std::string data;
  for (unsigned i = 0; i < ask.inputs; ++i) {
    data += fmt::format(R"({}{{"object":"embedding","index":{},"embedding":{}}})", i ? "," : "", i,
                        ask.base64 ? kBase64 : kFloats);
  }
  return fmt::format(R"({{"object":"list","data":[{}],"model":"{}","usage":{{"prompt_tokens":{},)"
                     R"("total_tokens":{}}}}})",
                     data, ask.model, profile.prompt_tokens, profile.prompt_tokens);
}

std::string render_message(const Ask& ask, const Profile& profile, std::string_view id) {
  const unsigned tokens = count_tokens(ask, profile);
  return fmt::format(
      R"({{"id":"msg_{}","type":"message","role":"assistant","model":"{}",)"
      R"("content":[{{"type":"text","text":"{}"}}],"stop_reason":"{}","stop_sequence":null,)"
      R"("usage":{{"input_tokens":{},"cache_creation_input_tokens":0,"cache_read_input_tokens":0,)"
      R"("output_tokens":{}}}}})",
      id, ask.model, join_tokens(profile, tokens),
      is_cut_short(ask, profile) ? "max_tokens" : "end_turn", profile.prompt_tokens, tokens);
}

std::string render_moderation(const Ask& ask, std::string_view id) {
  std::string results;
  for (unsigned i = 0; i < ask.inputs; ++i) {
    results += fmt::format(R"({}{{"flagged":false,"categories":{{"violence":false}},)"
                           R"("category_scores":{{"violence":0.001}},)"
                           R"("category_applied_input_types":{{"violence":["text"]}}}})",
                           i ? "," : "");
  }
  return fmt::format(R"({{"id":"modr-{}","model":"{}","results":[{}]}})", id, ask.model, results);
}

std::string render_rerank(const Ask& ask, const Profile& profile, std::string_view id) {
  std::string results;
  for (unsigned i = 0; i < ask.inputs; ++i) {
    results += fmt::format(R"({}{{"index":{},"relevance_score":{:.4f}}})", i ? "," : "", i,
                           1.0 / (1.0 + i));
  }
  return fmt::format(
      R"({{"id":"rerank-{}","model":"{}","results":[{}],"usage":{{"total_tokens":{}}}}})", id,
      ask.model, results, profile.prompt_tokens);
}

std::string render_images(const Ask& ask, const Profile& profile) {
  // A PNG of one transparent pixel.
  constexpr std::string_view kPixel =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg"
      "gg==";
  std::string data;
  for (unsigned i = 0; i < ask.inputs; ++i) {
    data += fmt::format(R"({}{{"b64_json":"{}"}})", i ? "," : "", kPixel);
  }
  return fmt::format(
      R"({{"created":{},"data":[{}],"usage":{{"input_tokens":{},"output_tokens":{},)"
      R"("total_tokens":{},"input_tokens_details":{{"text_tokens":{},"image_tokens":0}}}}}})",
      profile.created, data, profile.prompt_tokens, profile.tokens,
      profile.prompt_tokens + profile.tokens, profile.prompt_tokens);
}

std::string render_transcription(const Profile& profile) {
  return fmt::format(
      R"({{"text":"{}","usage":{{"type":"tokens","input_tokens":{},"output_tokens":{},)"
      R"("total_tokens":{},"input_token_details":{{"audio_tokens":{},"text_tokens":0}}}}}})",
      join_tokens(profile, profile.tokens), profile.prompt_tokens, profile.tokens,
      profile.prompt_tokens + profile.tokens, profile.prompt_tokens);
}

std::string render_models(const Ask& ask, const Profile& profile) {
  const auto one = [&profile](std::string_view id) {
    return fmt::format(R"({{"id":"{}","object":"model","created":{},"owned_by":"simulator"}})", id,
                       profile.created);
  };
  if (!ask.model.empty()) return one(ask.model);
  return fmt::format(R"({{"object":"list","data":[{},{}]}})", one("model-a"), one("model-b"));
}

/// A second of silence would be large: 100 samples of 8 kHz mono PCM in a WAV file.
std::string render_speech() {
  constexpr std::string_view kWav{
      "RIFF\xec\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00"
      "\x02\x00\x10\x00"
      "data\xc8\x00\x00\x00",
      44};
  return std::string(kWav) + std::string(200, '\0');
}

}  // namespace

std::string make_answer_id(const Profile& profile, std::uint64_t number) {
  std::uint64_t z = profile.seed * 0xD1342543DE82EF95U + number * 0x9E3779B97F4A7C15U;
  for (const char c : profile.name) z = (z ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  // The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return fmt::format("{:016x}", z ^ (z >> 31));
}

unsigned count_tokens(const Ask& ask, const Profile& profile) {
  const unsigned made = profile.events > 2 && ask.stream ? profile.events - 2 : profile.tokens;
  return ask.max_tokens == 0 ? made : std::min(ask.max_tokens, made);
}

bool is_cut_short(const Ask& ask, const Profile& profile) {
  return ask.max_tokens != 0 && ask.max_tokens < profile.tokens;
}

std::string_view token_text(const Profile& profile, unsigned index) {
  static constexpr std::array<std::string_view, 16> kWords{
      "This ",  "is ", "a ",    "simulated ", "answer: ", "no ", "model ", "was ",
      "asked ", "so ", "each ", "word ",      "of ",      "it ", "is ",    "made up. "};
  if (!profile.token_text.empty()) return profile.token_text;
  return kWords[index % kWords.size()];
}

std::string join_tokens(const Profile& profile, unsigned count) {
  std::string text;
  for (unsigned i = 0; i < count; ++i) text += token_text(profile, i);
  return text;
}

std::string render_usage(const Profile& profile, unsigned tokens) {
  return fmt::format(R"("usage":{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{},)"
                     R"("prompt_tokens_details":{{"cached_tokens":0}},)"
                     R"("completion_tokens_details":{{"reasoning_tokens":0}}}})",
                     profile.prompt_tokens, tokens, profile.prompt_tokens + tokens);
}

std::string render_response_object(const Ask& ask, const Profile& profile, std::string_view id,
                                   std::string_view status, bool with_output) {
  const unsigned tokens = count_tokens(ask, profile);
  std::string output;
  std::string usage = "null";
  if (with_output) {
    output = fmt::format(
        R"({{"type":"message","id":"msg_{}","status":"completed","role":"assistant",)"
        R"("content":[{{"type":"output_text","text":"{}","annotations":[],"logprobs":[]}}]}})",
        id, join_tokens(profile, tokens));
    usage = fmt::format(
        R"({{"input_tokens":{},"input_tokens_details":{{"cached_tokens":0}},"output_tokens":{},)"
        R"("output_tokens_details":{{"reasoning_tokens":0}},"total_tokens":{}}})",
        profile.prompt_tokens, tokens, profile.prompt_tokens + tokens);
  }
  const bool cut = with_output && is_cut_short(ask, profile);
  return fmt::format(
      R"({{"id":"resp_{}","object":"response","created_at":{},"status":"{}","error":null,)"
      R"("incomplete_details":{},"instructions":null,"metadata":{{}},"model":"{}","output":[{}],)"
      R"("parallel_tool_calls":true,"temperature":1.0,"tool_choice":"auto","tools":[],)"
      R"("top_p":1.0,"usage":{}}})",
      id, profile.created, cut ? "incomplete" : status,
      cut ? R"({"reason":"max_output_tokens"})" : "null", ask.model, output, usage);
}

std::string render_error(Endpoint endpoint, unsigned status, std::string_view message) {
  struct Row {
    unsigned status;
    std::string_view anthropic, type, code;
  };
  static constexpr std::array<Row, 8> kRows{{
      {400, "invalid_request_error", "invalid_request_error", "invalid_request"},
      {401, "authentication_error", "invalid_request_error", "invalid_api_key"},
      {403, "permission_error", "invalid_request_error", "forbidden"},
      {404, "not_found_error", "invalid_request_error", "model_not_found"},
      {413, "request_too_large", "invalid_request_error", "request_too_large"},
      {429, "rate_limit_error", "requests", "rate_limit_exceeded"},
      {504, "timeout_error", "server_error", "timeout"},
      {529, "overloaded_error", "server_error", "overloaded"},
  }};
  Row row{status, "api_error", "server_error", "server_error"};
  for (const Row& known : kRows) {
    if (known.status == status) row = known;
  }
  const std::string text = escape_json(message);
  if (endpoint == Endpoint::messages) {
    return fmt::format(R"({{"type":"error","error":{{"type":"{}","message":"{}"}}}})",
                       row.anthropic, text);
  }
  return fmt::format(R"({{"error":{{"message":"{}","type":"{}","param":null,"code":"{}"}}}})", text,
                     row.type, row.code);
}

Body render_answer(const Ask& ask, const Profile& profile, std::uint64_t number) {
  const std::string id = make_answer_id(profile, number);
  switch (ask.endpoint) {
    case Endpoint::chat: return {.bytes = render_chat(ask, profile, id)};
    case Endpoint::completions: return {.bytes = render_completion(ask, profile, id)};
    case Endpoint::embeddings: return {.bytes = render_embeddings(ask, profile)};
    case Endpoint::responses:
      return {.bytes = render_response_object(ask, profile, id, "completed", true)};
    case Endpoint::moderations: return {.bytes = render_moderation(ask, id)};
    case Endpoint::rerank: return {.bytes = render_rerank(ask, profile, id)};
    case Endpoint::images: return {.bytes = render_images(ask, profile)};
    case Endpoint::speech: return {.content_type = "audio/wav", .bytes = render_speech()};
    case Endpoint::transcriptions: return {.bytes = render_transcription(profile)};
    case Endpoint::messages: return {.bytes = render_message(ask, profile, id)};
    case Endpoint::models: return {.bytes = render_models(ask, profile)};
    case Endpoint::last:
    case Endpoint::stats:
    case Endpoint::reset:
    case Endpoint::fault:
    case Endpoint::unknown: break;
  }
  return {.bytes = render_error(ask.endpoint, 404, "the simulator has no such endpoint")};
}

}  // namespace tallygate::simulator
