#pragma once
// Finds whole server-sent events in a byte stream, however it was cut: LF, CRLF and CR line ends,
// and a blank line split anywhere (WHATWG HTML, section 9.2.6). Keeps no copy: the caller owns the
// bytes. Pure state machine.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tallygate::wire {

/// An event ends with its blank line. A CR there may be half of a CRLF, so:
/// - after a line that ended with a bare CR, the CR completes the event at once, and a LF that
///   still follows (CR CR LF) is counted as a prefix of what comes next;
/// - otherwise (LF or CRLF streams) the next byte decides: LF belongs to the event, anything else
///   starts the next one. If that byte is the first of a call, the finished event is reported
///   together with the next (only streams that mix CR with other line ends can meet this).
/// So whatever the cuts, every reported end is one between whole events.
class SseScanner {
 public:
  /// Scans `bytes`, which continue where the last call ended, and returns how many of them belong
  /// to complete events: everything up to and including the last blank line. 0 = none ended here.
  /// All of `bytes` counts as seen: only new bytes go into the next call.
  std::size_t scan(std::string_view bytes);

  /// End of the first complete event in `bytes`; the next call continues with the byte behind it.
  /// 0 = none ended here, and all of `bytes` counts as seen.
  std::size_t next_event(std::string_view bytes);

  /// True between events: nothing unfinished has been seen since the last blank line.
  bool at_boundary() const {
    return state_ == State::boundary || state_ == State::boundary_after_cr;
  }

 private:
  enum class State : std::uint8_t {
    boundary,           ///< before an event
    boundary_after_cr,  ///< the same, and a LF would still be part of the line end before
    in_line,
    after_lf,     ///< at the start of a line that is not the first
    after_cr,     ///< the same, and a LF would still be part of the line end before
    after_blank,  ///< behind the CR of a blank line that LF may follow
  };
  State state_ = State::boundary;
};

/// The fields of one event that matter here; views into `event`.
struct SseEvent {
  std::string_view event;  ///< the value of the last `event:` line, may be empty
  std::string_view data;   ///< the value of the first `data:` line
  bool has_data = false;
  bool multi_line = false;  ///< more `data:` lines follow: `data` is not the whole payload
};
SseEvent parse_event(std::string_view event);

/// Takes the first line off the front of `text`, with its end (LF, CRLF or CR), and returns it
/// without. `text` may lack a last line end.
std::string_view take_line(std::string_view& text);

/// If `line` is the field `name`, sets its value (one leading space removed) and returns true.
bool read_field(std::string_view line, std::string_view name, std::string_view& value);

}  // namespace tallygate::wire
