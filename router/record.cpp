#include "router/record.h"

namespace tallygate::router {

std::string_view to_string(Conversation type) {
  switch (type) {
    case Conversation::text_to_text: return "text-to-text";
    case Conversation::text_to_image: return "text-to-image";
    case Conversation::text_to_audio: return "text-to-audio";
    case Conversation::text_to_video: return "text-to-video";
    case Conversation::audio_to_text: return "audio-to-text";
    case Conversation::embedding: return "embedding";
    case Conversation::rerank: return "rerank";
    case Conversation::moderation: return "moderation";
  }
  return "unknown";
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok: return "ok";
    case Outcome::client_error: return "client_error";
    case Outcome::upstream_error: return "upstream_error";
    case Outcome::upstream_truncated: return "upstream_truncated";
    case Outcome::upstream_stream_error: return "upstream_stream_error";
    case Outcome::client_abort: return "client_abort";
    case Outcome::client_slow: return "client_slow";
    case Outcome::gateway_error: return "gateway_error";
  }
  return "unknown";
}

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::none: return "none";
    case Phase::queued: return "queued";
    case Phase::connecting: return "connecting";
    case Phase::waiting: return "waiting";
    case Phase::streaming: return "streaming";
    case Phase::finishing: return "finishing";
  }
  return "unknown";
}

}  // namespace tallygate::router
