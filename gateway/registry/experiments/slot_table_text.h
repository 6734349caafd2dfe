#pragma once
// A slot table as text for a stored document: a few bits per slot, in base64. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "router/assign.h"

namespace tallygate::registry {

/// About 3 KiB for up to three arms.
std::string slot_table_text(const router::SlotTable& table);
/// nullopt = this is not such a text.
std::optional<router::SlotTable> parse_slot_table(std::string_view text);

}  // namespace tallygate::registry
