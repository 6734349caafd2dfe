#pragma once
// Whether an upstream's error body says that it does not know the model it was asked for. Pure.

#include <string_view>

namespace tallygate::wire {

/// Whether the JSON text has a key "code" with the value "model_not_found". Inside a string both
/// would stand with escaped quotes, so a message that quotes them does not pass for it. Chunk sizes
/// between the bytes do no harm, unless they cut the two words apart.
bool says_model_not_found(std::string_view json);

}  // namespace tallygate::wire
