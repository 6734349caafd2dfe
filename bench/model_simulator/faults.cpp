#include "bench/model_simulator/faults.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace tallygate::simulator {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kModelPrefix = "sim-fault-";
constexpr std::size_t kMaxBigEvent = std::size_t{64} << 20;

template <class N>
bool read_number(std::string_view text, N& out) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  return ec == std::errc{} && end == text.data() + text.size();
}

bool read_duration(std::string_view text, Duration& out) {
  Duration unit = 1ms;
  if (text.ends_with("us")) {
    unit = 1us;
    text.remove_suffix(2);
  } else if (text.ends_with("ms")) {
    text.remove_suffix(2);
  } else if (text.ends_with("s")) {
    unit = 1s;
    text.remove_suffix(1);
  }
  unsigned count = 0;
  if (!read_number(text, count)) return false;
  out = unit * count;
  return true;
}

template <class N>
bool read_optional(std::string_view text, std::optional<N>& out) {
  N value{};
  if (!read_number(text, value)) return false;
  out = value;
  return true;
}

/// `503` or `503:RETRY-AFTER`; a model name has `-` there.
bool read_status(Faults& faults, std::string_view arg) {
  const auto cut = arg.find_first_of(":-");
  unsigned status = 0;
  if (!read_number(arg.substr(0, cut), status) || status < 200 || status > 999) return false;
  faults.status = status;
  if (cut != std::string_view::npos) faults.retry_after = arg.substr(cut + 1);
  return true;
}

bool read_framing(Faults& faults, std::string_view arg) {
  static constexpr std::array<std::pair<std::string_view, BadFraming>, 11> kNames{{
      {"cl-te", BadFraming::cl_te},
      {"dup-cl", BadFraming::dup_cl},
      {"te-gzip", BadFraming::te_gzip},
      {"bad-chunk", BadFraming::bad_chunk},
      {"garbage", BadFraming::garbage},
      {"partial-status", BadFraming::partial_status},
      {"big-head", BadFraming::big_head},
      {"many-headers", BadFraming::many_headers},
      {"many-1xx", BadFraming::many_1xx},
      {"cl-short", BadFraming::cl_short},
      {"extra-bytes", BadFraming::extra_bytes},
  }};
  for (const auto& [name, kind] : kNames) {
    if (arg == name) {
      faults.bad_framing = kind;
      return true;
    }
  }
  return false;
}

bool read_line_end(Faults& faults, std::string_view arg) {
  if (arg == "cr") faults.crlf_style = LineEnd::cr;
  if (arg == "crlf") faults.crlf_style = LineEnd::crlf;
  return arg == "lf" || arg == "cr" || arg == "crlf";
}

struct Kind {
  std::string_view name;
  std::string_view arg;  ///< how --help shows it; empty: takes none
  std::string_view what;
  bool (*read)(Faults&, std::string_view);
};

using F = Faults&;
using Sv = std::string_view;

template <auto Member>
bool set_flag(F faults, Sv) {
  faults.*Member = true;
  return true;
}
template <auto Member>
bool set_count(F faults, Sv arg) {
  return read_optional(arg, faults.*Member);
}
template <auto Member>
bool set_duration(F faults, Sv arg) {
  return read_duration(arg, faults.*Member);
}
bool set_rate_limit(F faults, Sv arg) {
  faults.status = 429;
  faults.retry_after = arg;
  return !arg.empty();
}
bool set_error_first(F faults, Sv) {
  faults.error_mid = 0;
  return true;
}
bool set_idle_close(F faults, Sv arg) {
  faults.idle_close.emplace();
  return read_duration(arg, *faults.idle_close);
}
bool set_big_event(F faults, Sv arg) {
  return read_number(arg, faults.big_event) && faults.big_event <= kMaxBigEvent;
}
bool set_interim(F faults, Sv arg) {
  return read_number(arg, faults.interim) && faults.interim <= 1000;
}

constexpr std::array<Kind, 29> kKinds{{
    {"status", "CODE[:RETRY-AFTER]", "this status with a JSON error body", read_status},
    {"answer-429", "RETRY-AFTER", "429 with that Retry-After", set_rate_limit},
    {"delay", "TIME", "waits before the head (500ms, 2s, 100us)", set_duration<&Faults::delay>},
    {"hang", "", "never answers", set_flag<&Faults::hang>},
    {"hang-mid-stream", "N", "stops after N events", set_count<&Faults::hang_mid_stream>},
    {"rst", "", "resets before any byte", set_flag<&Faults::rst>},
    {"rst-mid-stream", "N", "resets after N events", set_count<&Faults::rst_mid_stream>},
    {"fin-mid-event", "N", "closes inside the event after N", set_count<&Faults::fin_mid_event>},
    {"fin-after", "N", "closes after N events, no last chunk", set_count<&Faults::fin_after>},
    {"missing-done", "", "ends properly, last event left out", set_flag<&Faults::missing_done>},
    {"error-first", "", "200 whose first event is an error", set_error_first},
    {"error-mid", "N", "an error event after N events", set_count<&Faults::error_mid>},
    {"role-then-error", "", "contentless events, then an error",
     set_flag<&Faults::role_then_error>},
    {"empty-stream", "", "200 with no event", set_flag<&Faults::empty_stream>},
    {"malformed-json", "", "broken JSON in the body or second event",
     set_flag<&Faults::malformed_json>},
    {"bad-framing", "KIND",
     "cl-te dup-cl te-gzip bad-chunk garbage partial-status big-head many-headers many-1xx "
     "cl-short extra-bytes",
     read_framing},
    {"slow-drip", "TIME", "one byte at a time", set_duration<&Faults::slow_drip>},
    {"early-response", "", "answers before the upload ends", set_flag<&Faults::early_response>},
    {"close-each", "", "Connection: close, and closes", set_flag<&Faults::close_each>},
    {"idle-close", "TIME", "closes the kept connection when idle", set_idle_close},
    {"http10", "", "answers as HTTP/1.0", set_flag<&Faults::http10>},
    {"until-close", "", "no framing: the end is the close", set_flag<&Faults::until_close>},
    {"crlf-style", "lf|cr|crlf", "line ends of events", read_line_end},
    {"comments", "", "comment lines between events", set_flag<&Faults::comments>},
    {"big-event", "BYTES", "that much text in the first token", set_big_event},
    {"no-final-blank", "", "last event without its blank line", set_flag<&Faults::no_final_blank>},
    {"interim", "N", "N responses 103 before the answer", set_interim},
    {"hop-headers", "", "hop-by-hop fields in the head", set_flag<&Faults::hop_headers>},
    {"trailers", "", "trailer fields after the last chunk", set_flag<&Faults::trailers>},
}};

const Kind* find_kind(std::string_view name) {
  for (const Kind& kind : kKinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

Error unknown(std::string_view word) {
  return make_error(
      Errc::invalid_parameter,
      fmt::format("fault \"{}\" is not known; known are:\n{}", word, describe_faults()),
      "x-sim-fault");
}

Result<void> apply(Faults& faults, const Kind& kind, std::string_view arg) {
  if (kind.arg.empty() != arg.empty() || !kind.read(faults, arg)) {
    return make_error(Errc::invalid_parameter,
                      fmt::format("fault {} has the argument \"{}\"; it takes {}: {}", kind.name,
                                  arg, kind.arg.empty() ? "none" : kind.arg, kind.what),
                      "x-sim-fault");
  }
  faults.any = true;
  return {};
}

/// Calls `one` with each part of `text` between separators, blanks trimmed.
template <class One>
Result<Faults> each_part(std::string_view text, char separator, One one) {
  Faults faults;
  while (!text.empty()) {
    const auto cut = text.find(separator);
    std::string_view part = text.substr(0, cut);
    text = cut == std::string_view::npos ? std::string_view{} : text.substr(cut + 1);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (part.empty()) continue;
    if (const Result<void> done = one(faults, part); !done) return done.error();
  }
  return faults;
}

}  // namespace

Result<Faults> parse_faults(std::string_view text) {
  return each_part(text, ',', [](Faults& faults, std::string_view part) -> Result<void> {
    const auto colon = part.find(':');
    const std::string_view name = part.substr(0, colon);
    const Kind* kind = find_kind(name);
    if (kind == nullptr) return unknown(name);
    return apply(faults, *kind,
                 colon == std::string_view::npos ? std::string_view{} : part.substr(colon + 1));
  });
}

Result<Faults> parse_model_faults(std::string_view model) {
  if (!model.starts_with(kModelPrefix)) return Faults{};
  model.remove_prefix(kModelPrefix.size());
  return each_part(model, '+', [](Faults& faults, std::string_view part) -> Result<void> {
    // The longest kind that fits wins: hang-mid-stream-2 is no `hang` with an argument.
    for (std::size_t end = part.size(); end != std::string_view::npos && end != 0;
         end = part.rfind('-', end - 1)) {
      const Kind* kind = find_kind(part.substr(0, end));
      if (kind == nullptr) continue;
      return apply(faults, *kind, end == part.size() ? std::string_view{} : part.substr(end + 1));
    }
    return unknown(part);
  });
}

std::string describe_faults() {
  std::string text;
  for (const Kind& kind : kKinds) {
    const std::string head =
        fmt::format("{}{}{}", kind.name, kind.arg.empty() ? "" : ":", kind.arg);
    text += fmt::format("  {:<28} {}\n", head, kind.what);
  }
  return text;
}

}  // namespace tallygate::simulator
