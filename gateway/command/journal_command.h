#pragma once
// `tallygate journal`: prints the records of a store, also beside a gate that is writing them.

#include <string>

#include "gateway/command/commands.h"

namespace tallygate {

enum class RecordFormat : std::uint8_t { jsonl, csv };

struct JournalCommand {
  std::string path;   ///< store.path of the configuration
  std::string since;  ///< RFC 3339, or an age such as 1h; empty = from the first
  std::string until;  ///< the same; empty = to the last
  std::string route;
  std::uint64_t limit = 0;  ///< 0 = all
  RecordFormat format = RecordFormat::jsonl;
};

/// In the order in which they were committed. Returns the exit code; a reader that goes away early
/// is no failure.
int print_journal(const JournalCommand& command, const Console& console);

}  // namespace tallygate
