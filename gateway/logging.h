#pragma once
// The process's log, on stderr: one line per event, JSON or text. Never holds bodies or
// credentials.

#include "config/settings.h"

namespace tallygate {

/// Replaces spdlog's default logger. Control characters (and, in JSON, quotes) of messages are
/// escaped, so that a line stays a line whatever a client sent.
void start_logging(const config::Log& log);

}  // namespace tallygate
