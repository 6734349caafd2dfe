#pragma once
// Finds the lines of a head while its bytes arrive, and refuses at once what more bytes cannot
// mend: a head that is too large, a bare line feed, a folded line. Every byte is looked at once,
// however the head is cut into reads, and the verdict never depends on the cuts. Pure.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace tallygate::http {

struct HeadLimits {
  std::size_t start_line_bytes = 0;  ///< without its CRLF
  std::size_t head_bytes = 0;        ///< up to and including the empty line
  std::uint32_t field_count = 0;
  bool empty_line_before = false;  ///< RFC 9112 section 2.2: one may come before a request line
};

class HeadScanner {
 public:
  enum class Step : std::uint8_t { need_more, start_line, end, fault };

  HeadScanner() = default;
  /// A head that starts `origin` bytes into what next() is given.
  explicit HeadScanner(std::size_t origin) : start_(origin), line_(origin), at_(origin) {}

  /// Looks on in `bytes`: all bytes so far, the same ones at each call and more. Says start_line
  /// once, as soon as that line is there, and end behind the empty line.
  Step next(std::string_view bytes, const HeadLimits& limits);

  std::size_t start() const { return start_; }    ///< offset of the start line
  std::size_t fields() const { return fields_; }  ///< offset behind the start line, once found
  std::size_t size() const { return at_; }        ///< offset behind the line found last

  /// Why next() returned fault, coded as a request's error.
  Error error(const HeadLimits& limits) const;

 private:
  enum class Fault : std::uint8_t {
    none,
    not_http,
    bare_line_feed,
    bare_carriage_return,
    empty_line,
    folded,
    start_line_too_long,
    head_too_large,
    too_many_fields
  };

  Step fail(Fault fault);
  Step check_start(std::string_view bytes, const HeadLimits& limits);
  Step find_start_line(std::string_view bytes, const HeadLimits& limits);
  Step run_out(std::string_view bytes, const HeadLimits& limits);

  std::size_t start_ = 0;
  std::size_t fields_ = 0;
  std::size_t line_ = 0;  // where the current line starts
  std::size_t at_ = 0;    // where to look on
  std::uint32_t lines_ = 0;
  Fault fault_ = Fault::none;
};

}  // namespace tallygate::http
