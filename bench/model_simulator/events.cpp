#include "bench/model_simulator/events.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "bench/model_simulator/answers.h"

namespace tallygate::simulator {
namespace {

constexpr std::string_view kDone = "data: [DONE]\n\n";

/// What every renderer below needs.
struct Scene {
  const Ask& ask;
  const Profile& profile;
  const std::string& id;
  Outline shape;
  unsigned index;
  std::size_t filler;

  bool is_token() const { return index >= shape.before && index < shape.before + shape.tokens; }
  unsigned token() const { return index - shape.before; }
  unsigned tail() const { return index - shape.before - shape.tokens; }
  bool is_last() const { return index + 1 == shape.total(); }
  std::string text() const {
    return std::string(token_text(profile, token())) + std::string(token() == 0 ? filler : 0, 'x');
  }
  std::string_view finish() const { return is_cut_short(ask, profile) ? "length" : "stop"; }
};

/// Brings a chat chunk to `event_bytes` by the field OpenAI itself pads chunks with.
void pad(std::string& event, std::size_t event_bytes) {
  constexpr std::string_view kField = R"(,"obfuscation":"")";
  constexpr std::string_view kEnd = "}\n\n";
  if (event.size() + kField.size() > event_bytes) return;
  const std::size_t room = event_bytes - event.size() - kField.size();
  event.resize(event.size() - kEnd.size());
  event.append(kField.substr(0, kField.size() - 1)).append(room, 'p').append("\"").append(kEnd);
}

std::string render_chat_event(const Scene& scene) {
  if (scene.is_last()) return std::string(kDone);
  const std::string_view usage = scene.ask.include_usage ? R"(,"usage":null)" : "";
  const std::string head = fmt::format(
      R"(data: {{"id":"chatcmpl-{}","object":"chat.completion.chunk","created":{},"model":"{}",)",
      scene.id, scene.profile.created, scene.ask.model);
  std::string event;
  if (scene.index < scene.shape.before) {
    event = fmt::format(R"({}"choices":[{{"index":0,"delta":{{"role":"assistant","content":""}},)"
                        R"("finish_reason":null}}]{}}})",
                        head, usage);
  } else if (scene.is_token()) {
    event = fmt::format(
        R"({}"choices":[{{"index":0,"delta":{{"content":"{}"}},"finish_reason":null}}]{}}})", head,
        scene.text(), usage);
  } else if (scene.tail() == 0) {
    event = fmt::format(R"({}"choices":[{{"index":0,"delta":{{}},"finish_reason":"{}"}}]{}}})",
                        head, scene.finish(), usage);
  } else {
    return fmt::format("{}\"choices\":[],{}}}\n\n", head,
                       render_usage(scene.profile, scene.shape.tokens));
  }
  event += "\n\n";
  if (scene.profile.event_bytes != 0) pad(event, scene.profile.event_bytes);
  return event;
}

std::string render_completion_event(const Scene& scene) {
  if (scene.is_last()) return std::string(kDone);
  const std::string_view usage = scene.ask.include_usage ? R"(,"usage":null)" : "";
  const std::string head =
      fmt::format(R"(data: {{"id":"cmpl-{}","object":"text_completion","created":{},"model":"{}",)",
                  scene.id, scene.profile.created, scene.ask.model);
  if (!scene.is_token() && scene.tail() == 1) {
    return fmt::format("{}\"choices\":[],{}}}\n\n", head,
                       render_usage(scene.profile, scene.shape.tokens));
  }
  const std::string finish =
      scene.is_token() ? std::string("null") : fmt::format("\"{}\"", scene.finish());
  return fmt::format(
      "{}\"choices\":[{{\"text\":\"{}\",\"index\":0,\"logprobs\":null,\"finish_reason\":{}}}]{}}}"
      "\n\n",
      head, scene.is_token() ? scene.text() : "", finish, usage);
}

std::string response_event(const Scene& scene, std::string_view type, std::string_view rest) {
  return fmt::format("event: {}\ndata: {{\"type\":\"{}\",\"sequence_number\":{},{}}}\n\n", type,
                     type, scene.index, rest);
}

std::string render_response_event(const Scene& scene) {
  const std::string item =
      fmt::format(R"("item_id":"msg_{}","output_index":0,"content_index":0)", scene.id);
  const auto object = [&](std::string_view status, bool with_output) {
    return fmt::format("\"response\":{}", render_response_object(scene.ask, scene.profile, scene.id,
                                                                 status, with_output));
  };
  if (scene.is_token()) {
    return response_event(scene, "response.output_text.delta",
                          fmt::format(R"({},"delta":"{}","logprobs":[])", item, scene.text()));
  }
  if (scene.index < scene.shape.before) {
    switch (scene.index) {
      case 0: return response_event(scene, "response.created", object("in_progress", false));
      case 1: return response_event(scene, "response.in_progress", object("in_progress", false));
      case 2:
        return response_event(
            scene, "response.output_item.added",
            fmt::format(R"("output_index":0,"item":{{"type":"message","id":"msg_{}",)"
                        R"("status":"in_progress","role":"assistant","content":[]}})",
                        scene.id));
      default:
        return response_event(
            scene, "response.content_part.added",
            item + R"(,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]})");
    }
  }
  const std::string text = join_tokens(scene.profile, scene.shape.tokens);
  const std::string part =
      fmt::format(R"({{"type":"output_text","text":"{}","annotations":[],"logprobs":[]}})", text);
  switch (scene.tail()) {
    case 0:
      return response_event(scene, "response.output_text.done",
                            fmt::format(R"({},"text":"{}","logprobs":[])", item, text));
    case 1:
      return response_event(scene, "response.content_part.done",
                            fmt::format(R"({},"part":{})", item, part));
    case 2:
      return response_event(
          scene, "response.output_item.done",
          fmt::format(
              R"("output_index":0,"item":{{"type":"message","id":"msg_{}","status":"completed",)"
              R"("role":"assistant","content":[{}]}})",
              scene.id, part));
    default:
      return response_event(
          scene,
          is_cut_short(scene.ask, scene.profile) ? "response.incomplete" : "response.completed",
          object("completed", true));
  }
}

std::string message_event(std::string_view type, std::string_view rest) {
  return fmt::format("event: {}\ndata: {{\"type\":\"{}\"{}}}\n\n", type, type, rest);
}

std::string render_message_event(const Scene& scene) {
  if (scene.is_token()) {
    return message_event(
        "content_block_delta",
        fmt::format(R"(,"index":0,"delta":{{"type":"text_delta","text":"{}"}})", scene.text()));
  }
  if (scene.index < scene.shape.before) {
    if (scene.index == 1) {
      return message_event("content_block_start",
                           R"(,"index":0,"content_block":{"type":"text","text":""})");
    }
    if (scene.index == 2) return message_event("ping", "");
    return message_event(
        "message_start",
        fmt::format(
            R"(,"message":{{"id":"msg_{}","type":"message","role":"assistant","model":"{}",)"
            R"("content":[],"stop_reason":null,"stop_sequence":null,"usage":{{"input_tokens":{},)"
            R"("cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}}})",
            scene.id, scene.ask.model, scene.profile.prompt_tokens));
  }
  switch (scene.tail()) {
    case 0: return message_event("content_block_stop", R"(,"index":0)");
    case 1:
      return message_event(
          "message_delta",
          fmt::format(R"(,"delta":{{"stop_reason":"{}","stop_sequence":null}},)"
                      R"("usage":{{"output_tokens":{}}})",
                      is_cut_short(scene.ask, scene.profile) ? "max_tokens" : "end_turn",
                      scene.shape.tokens));
    default: return message_event("message_stop", "");
  }
}

std::string render_transcript_event(const Scene& scene) {
  if (scene.is_token()) {
    return fmt::format("data: {{\"type\":\"transcript.text.delta\",\"delta\":\"{}\"}}\n\n",
                       scene.text());
  }
  if (scene.is_last()) return std::string(kDone);
  return fmt::format("data: {{\"type\":\"transcript.text.done\",\"text\":\"{}\"}}\n\n",
                     join_tokens(scene.profile, scene.shape.tokens));
}

}  // namespace

bool can_stream(Endpoint endpoint) {
  return endpoint == Endpoint::chat || endpoint == Endpoint::completions ||
         endpoint == Endpoint::responses || endpoint == Endpoint::messages ||
         endpoint == Endpoint::transcriptions;
}

Outline outline(const Ask& ask, const Profile& profile) {
  const unsigned usage = ask.include_usage ? 1 : 0;
  const unsigned tokens = count_tokens(ask, profile);
  if (ask.endpoint == Endpoint::responses) return {4, tokens, 4};
  if (ask.endpoint == Endpoint::messages) return {3, tokens, 3};
  if (ask.endpoint == Endpoint::transcriptions) return {0, tokens, 2};
  return {ask.endpoint == Endpoint::chat ? 1U : 0U, tokens, 2 + usage};
}

std::string render_event(const Ask& ask, const Profile& profile, const std::string& id,
                         unsigned index, std::size_t filler) {
  const Scene scene{ask, profile, id, outline(ask, profile), index, filler};
  if (ask.endpoint == Endpoint::responses) return render_response_event(scene);
  if (ask.endpoint == Endpoint::messages) return render_message_event(scene);
  if (ask.endpoint == Endpoint::transcriptions) return render_transcript_event(scene);
  if (ask.endpoint == Endpoint::completions && !scene.is_last()) {
    return render_completion_event(scene);
  }
  return render_chat_event(scene);
}

std::string render_error_event(Endpoint endpoint, unsigned index) {
  if (endpoint == Endpoint::messages) {
    return message_event(
        "error",
        R"(,"error":{"type":"overloaded_error","message":"simulated error in the stream"})");
  }
  if (endpoint == Endpoint::responses) {
    return fmt::format(
        "event: error\ndata: "
        "{{\"type\":\"error\",\"code\":\"server_error\",\"message\":\"simulated error in the "
        "stream\",\"param\":null,\"sequence_number\":{}}}\n\n",
        index);
  }
  return fmt::format("data: {}\n\n", render_error(endpoint, 500, "simulated error in the stream"));
}

}  // namespace tallygate::simulator
