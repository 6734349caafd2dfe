#pragma once
// The fault language: `KIND[:ARG][,KIND[:ARG]...]` in the header x-sim-fault or --fault, and
// `sim-fault-KIND[-ARG][+KIND[-ARG]...]` as a model name, which survives any gate. Pure.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "bench/model_simulator/profile.h"

namespace tallygate::simulator {

enum class BadFraming : std::uint8_t {
  none,
  cl_te,           // Content-Length and Transfer-Encoding
  dup_cl,          // two Content-Lengths that differ
  te_gzip,         // an unknown transfer coding
  bad_chunk,       // a chunk size that is no number
  garbage,         // not HTTP at all
  partial_status,  // closes inside the status line
  big_head,        // a head of 70 KiB
  many_headers,    // 1,000 fields
  many_1xx,        // 100 interim responses
  cl_short,        // Content-Length is more than what comes before the close
  extra_bytes,     // bytes after the complete answer
};

enum class LineEnd : std::uint8_t { lf, cr, crlf };

/// Everything that can be wrong with one answer. Counts are whole events already sent.
struct Faults {
  std::optional<unsigned> status;  ///< this status with a JSON error body
  std::string retry_after;         ///< value of Retry-After beside `status`
  Duration delay{};                ///< before the head
  bool hang = false;               ///< never answers
  bool rst = false;                ///< resets before any byte
  std::optional<unsigned> hang_mid_stream, rst_mid_stream, fin_mid_event, fin_after, error_mid;
  bool missing_done = false;     ///< proper end, last event left out
  bool role_then_error = false;  ///< contentless events, then an error
  bool empty_stream = false;
  bool malformed_json = false;
  BadFraming bad_framing = BadFraming::none;
  Duration slow_drip{};         ///< one byte per interval
  bool early_response = false;  ///< answers before the upload ends
  bool close_each = false;
  std::optional<Duration> idle_close;  ///< closes the kept connection when idle for this long
  bool http10 = false;
  bool until_close = false;  ///< no framing, the end is the close
  LineEnd crlf_style = LineEnd::lf;
  bool comments = false;      ///< a comment line before each event and a lone one between
  std::size_t big_event = 0;  ///< bytes of text in the first token
  bool no_final_blank = false;
  unsigned interim = 0;      ///< 103 responses before the answer
  bool hop_headers = false;  ///< hop-by-hop fields that no gate may pass on
  bool trailers = false;     ///< trailer fields after the last chunk
  bool any = false;          ///< false: the plain answer
};

/// Parses the header form. An unknown kind or a wrong argument is an invalid_parameter that names
/// it and lists what is known.
Result<Faults> parse_faults(std::string_view text);

/// Parses a model name; one without the prefix `sim-fault-` has no faults.
Result<Faults> parse_model_faults(std::string_view model);

/// One line per kind, for --help.
std::string describe_faults();

}  // namespace tallygate::simulator
