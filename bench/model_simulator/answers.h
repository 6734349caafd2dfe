#pragma once
// Bodies that are sent whole, in the formats of the OpenAI and Anthropic APIs. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/model_simulator/ask.h"
#include "bench/model_simulator/profile.h"

namespace tallygate::simulator {

struct Body {
  std::string_view content_type = "application/json";
  std::string bytes;
};

/// Renders the answer number `number` of this process.
Body render_answer(const Ask& ask, const Profile& profile, std::uint64_t number);

/// An error in the form of the endpoint's protocol; `type` and `code` follow from the status.
std::string render_error(Endpoint endpoint, unsigned status, std::string_view message);

/// Sixteen hexadecimal digits that differ for each number, name and seed.
std::string make_answer_id(const Profile& profile, std::uint64_t number);

/// Output tokens of the answer and whether the request's own limit cut it short.
unsigned count_tokens(const Ask& ask, const Profile& profile);
bool is_cut_short(const Ask& ask, const Profile& profile);

std::string_view token_text(const Profile& profile, unsigned index);
std::string join_tokens(const Profile& profile, unsigned count);

/// `"usage":{...}` of chat and completions, without a comma.
std::string render_usage(const Profile& profile, unsigned tokens);

/// The response object of /v1/responses; `with_output` false: before anything was generated.
std::string render_response_object(const Ask& ask, const Profile& profile, std::string_view id,
                                   std::string_view status, bool with_output);

}  // namespace tallygate::simulator
