#pragma once
// Streams: how many events an answer has and what each one is, by number, so that an idle stream
// costs a counter and not a buffer. Pure.

#include <cstddef>
#include <cstdint>
#include <string>

#include "bench/model_simulator/ask.h"
#include "bench/model_simulator/profile.h"

namespace tallygate::simulator {

/// The shape of one stream.
struct Outline {
  unsigned before = 0;  ///< events without content: role, response.created, message_start
  unsigned tokens = 0;
  unsigned after = 0;  ///< finish, usage, the closing event ([DONE], response.completed, ...)
  unsigned total() const { return before + tokens + after; }
};

bool can_stream(Endpoint endpoint);
Outline outline(const Ask& ask, const Profile& profile);

/// Event `index` with its blank line, LF line ends. `filler` bytes of text are added to a token.
std::string render_event(const Ask& ask, const Profile& profile, const std::string& id,
                         unsigned index, std::size_t filler);

/// An error inside a stream, in the form of the endpoint's protocol.
std::string render_error_event(Endpoint endpoint, unsigned index);

}  // namespace tallygate::simulator
