#pragma once
// "Did you mean ...?"

#include <string>
#include <string_view>
#include <vector>

namespace tallygate::config::yaml {

/// Edits (insert, delete, replace, swap of neighbours) between two words; case and `-`/`_` are not
/// told apart. Words longer than 64 bytes count as unrelated.
int edit_distance(std::string_view a, std::string_view b);

/// "; did you mean `x`?" for the closest candidate, or "" if none is close to what was written.
std::string suggest(std::string_view written, const std::vector<std::string>& candidates);

}  // namespace tallygate::config::yaml
