#pragma once
// Finds whole server-sent events in a byte stream, however it was cut: LF, CRLF and CR line ends,
// and a blank line split anywhere. Keeps no copy: the caller owns the bytes. Pure state machine.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tallygate::wire {

class SseScanner {
 public:
  /// Scans `bytes`, which continue where the last call ended, and returns how many of them belong
  /// to complete events: everything up to and including the last blank line. 0 = none ended here.
  /// After a CR that might be half of a CRLF the event counts as complete, and a LF that follows is
  /// swallowed into the next call's prefix.
  std::size_t scan(std::string_view bytes);

  /// End of the first complete event in `bytes` (same contract, one event at a time); 0 = none.
  std::size_t next_event(std::string_view bytes);

  /// True between events: nothing unfinished has been seen since the last blank line.
  bool at_boundary() const {
    return state_ == State::boundary || state_ == State::boundary_after_cr;
  }

 private:
  enum class State : std::uint8_t { boundary, boundary_after_cr, in_line, after_lf, after_cr };
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

}  // namespace tallygate::wire
