#pragma once
// What an upstream's error body says, where that decides more than its status does. Pure.

#include <cstdint>
#include <string_view>

namespace tallygate::wire {

enum class ErrorMeaning : std::uint8_t {
  other,
  unknown_model,  ///< it has no such model, and the model's name is our configuration's
  quota_spent,    ///< waiting a little does not help: someone has to act
};

/// `body` is a JSON error in the form of OpenAI, Anthropic or vLLM; whatever is not is `other`.
ErrorMeaning meaning_of_error(std::string_view body);

}  // namespace tallygate::wire
