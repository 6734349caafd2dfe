#include "gateway/registry/metrics/metric_calendar.h"

namespace tallygate::registry {

std::string_view to_string(Period period) {
  switch (period) {
    case Period::daily: return "daily";
    case Period::weekly: return "weekly";
    case Period::monthly: return "monthly";
    case Period::one_time: return "one-time";
  }
  return "";
}

std::optional<Period> parse_period(std::string_view text) {
  for (const Period period : {Period::daily, Period::weekly, Period::monthly, Period::one_time}) {
    if (text == to_string(period)) return period;
  }
  return std::nullopt;
}

WallTime start_of(Period period, WallTime time) {
  const std::chrono::sys_days day = std::chrono::floor<std::chrono::days>(time);
  switch (period) {
    case Period::daily: return day;
    case Period::weekly: return day - (std::chrono::weekday(day) - std::chrono::Monday);
    case Period::monthly: {
      const std::chrono::year_month_day date(day);
      return std::chrono::sys_days(date.year() / date.month() / 1);
    }
    case Period::one_time: return time;
  }
  return time;
}

}  // namespace tallygate::registry
