#pragma once
// What one simulator process answers, as its flags say. Fixed at start, shared by all threads.

#include <chrono>
#include <cstdint>
#include <string>

namespace tallygate::simulator {

using Duration = std::chrono::steady_clock::duration;

struct Profile {
  std::string name = "simulator";  ///< sent as x-simulator-name and told in the default text
  unsigned tokens = 16;            ///< output tokens of an answer, unless the request allows fewer
  unsigned prompt_tokens = 24;     ///< reported as input usage, whatever the prompt
  std::string token_text;          ///< each token's text; empty: words of a stock sentence
  std::size_t answer_bytes = 0;    ///< exact body size of a whole chat answer; 0 = as it comes
  unsigned events = 0;             ///< exact count of chat chunks before [DONE]; 0 = from `tokens`
  std::size_t event_bytes = 0;     ///< exact size of one chat event with its blank line; 0 = any
  Duration first_token_delay{};    ///< between the role event and the first token
  Duration pace{};                 ///< between tokens
  bool write_each = false;         ///< one send per event even without a pace
  std::uint64_t seed = 1;          ///< makes response ids; equal seeds give equal ids
  std::int64_t created = 0;        ///< `created` of every answer, Unix seconds
};

}  // namespace tallygate::simulator
