#include "gateway/api/shapes/timestamps.h"

#include <fmt/format.h>

#include "config/yaml/scalars.h"

namespace tallygate::api {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// What four digits of a year can say, from 1970 on.
constexpr WallTime kFirst{};
constexpr WallTime kLast =
    std::chrono::sys_days{std::chrono::year{10'000} / 1 / 1} - microseconds{1};

/// Reads one field after the other; any mismatch makes all of it fail.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  int digits(std::size_t n, int low, int high) {
    int value = 0;
    if (rest_.size() < n) return fail();
    for (const char c : rest_.substr(0, n)) {
      if (c < '0' || c > '9') return fail();
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(n);
    return value < low || value > high ? fail() : value;
  }

  bool next_is(char c) const { return !rest_.empty() && rest_[0] == c; }
  bool skip(char upper, char lower) {
    const bool found = next_is(upper) || next_is(lower);
    if (found) rest_.remove_prefix(1);
    return found;
  }
  void expect(char upper, char lower) {
    if (!skip(upper, lower)) fail();
  }

  microseconds fraction() {
    std::int64_t value = 0;
    std::size_t n = 0;
    for (; n < rest_.size() && rest_[n] >= '0' && rest_[n] <= '9'; ++n) {
      if (n < 6) value = value * 10 + (rest_[n] - '0');
    }
    if (n == 0 || n > 9) fail();
    for (std::size_t i = n; i < 6; ++i) value *= 10;
    rest_.remove_prefix(n);
    return microseconds{value};
  }

  bool ok() const { return ok_ && rest_.empty(); }

 private:
  int fail() {
    ok_ = false;
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

std::string render_rfc3339(WallTime time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  Reader reader(text);
  const int year = reader.digits(4, 1970, 9999);
  reader.expect('-', '-');
  const int month = reader.digits(2, 1, 12);
  reader.expect('-', '-');
  const int day = reader.digits(2, 1, 31);
  reader.expect('T', 't');
  microseconds clock = hours{reader.digits(2, 0, 23)};
  reader.expect(':', ':');
  clock += minutes{reader.digits(2, 0, 59)};
  reader.expect(':', ':');
  clock += seconds{reader.digits(2, 0, 60)};
  if (reader.skip('.', '.')) clock += reader.fraction();
  if (!reader.skip('Z', 'z')) {
    const int sign = reader.next_is('-') ? -1 : 1;
    reader.expect('+', '-');
    const hours offset_hours{reader.digits(2, 0, 23)};
    reader.expect(':', ':');
    clock -= sign * (offset_hours + minutes{reader.digits(2, 0, 59)});
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!reader.ok() || !date.ok()) return std::nullopt;
  // An offset or a leap second may lead out of the years.
  const WallTime time = WallTime{std::chrono::sys_days{date}} + clock;
  return time < kFirst || time > kLast ? std::nullopt : std::optional(time);
}

std::optional<WallTime> parse_moment(std::string_view text, WallTime now) {
  if (const auto age = config::yaml::parse_duration(text)) {
    // An age beyond 1970 means "everything"; the oldest ones have no microseconds to compare.
    return *age < std::chrono::floor<milliseconds>(now.time_since_epoch()) ? now - *age : kFirst;
  }
  return parse_rfc3339(text);
}

}  // namespace tallygate::api
