#include "config/rules.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "config/yaml/scalars.h"

namespace tallygate::config {
namespace {

using yaml::is_digit;
using yaml::is_letter;

/// Calls `accepts` with each part between separators; false as soon as one is not accepted.
template <class Accepts>
bool all_parts(std::string_view text, char separator, Accepts accepts) {
  while (true) {
    const std::size_t end = text.find(separator);
    if (!accepts(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool is_identifier(std::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '-';
  });
}

bool is_pre_release(std::string_view part) {
  const bool numeric = std::all_of(part.begin(), part.end(), is_digit);
  return is_identifier(part) && (!numeric || yaml::parse_whole(part).has_value());
}

struct CronField {
  unsigned min;
  unsigned max;
};

bool is_cron_number(std::string_view text, CronField field) {
  const auto number = yaml::parse_whole(text);
  return number && *number >= field.min && *number <= field.max;
}

bool is_cron_item(std::string_view item, CronField field) {
  const std::size_t slash = item.find('/');
  if (slash != std::string_view::npos) {
    if (!is_cron_number(item.substr(slash + 1), {1, field.max})) return false;
    item = item.substr(0, slash);
  }
  if (item == "*") return true;
  const std::size_t dash = item.find('-');
  if (dash == std::string_view::npos) return is_cron_number(item, field);
  const std::string_view low = item.substr(0, dash);
  const std::string_view high = item.substr(dash + 1);
  return is_cron_number(low, field) && is_cron_number(high, field) &&
         *yaml::parse_whole(low) <= *yaml::parse_whole(high);
}

}  // namespace

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes &&
         std::none_of(text.begin(), text.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte <= 0x20 || byte == 0x7F || c == '@';
         });
}

bool is_route_name(std::string_view text) {
  return is_name(text) && text != "auto" && !text.starts_with("auto:");
}

bool is_variant_name(std::string_view text) {
  return !text.empty() && text.size() <= 32 && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_';
         });
}

bool is_semver(std::string_view text) {
  if (text.size() > kMaxNameBytes) return false;
  const std::size_t plus = text.find('+');
  if (plus != std::string_view::npos) {
    if (!all_parts(text.substr(plus + 1), '.', is_identifier)) return false;
    text = text.substr(0, plus);
  }
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    if (!all_parts(text.substr(dash + 1), '.', is_pre_release)) return false;
    text = text.substr(0, dash);
  }
  int numbers = 0;
  const auto count = [&](std::string_view part) {
    ++numbers;
    return yaml::parse_whole(part).has_value();
  };
  return all_parts(text, '.', count) && numbers == 3;
}

bool is_cron(std::string_view text) {
  constexpr std::array<CronField, 5> kFields = {{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}}};
  std::size_t at = 0;
  const auto accepts = [&](std::string_view field) {
    if (at >= kFields.size()) return false;
    const CronField bounds = kFields[at++];
    return all_parts(field, ',', [&](std::string_view item) { return is_cron_item(item, bounds); });
  };
  return all_parts(text, ' ', accepts) && at == kFields.size();
}

bool is_secret_reference(std::string_view text) {
  constexpr std::string_view kEnv = "env:";
  constexpr std::string_view kFile = "file:/";
  if (text.starts_with(kEnv)) {
    const std::string_view name = text.substr(kEnv.size());
    return !name.empty() && !is_digit(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
  }
  return text.starts_with(kFile) && text.find_first_of("*}") == std::string_view::npos &&
         all_parts(text.substr(kFile.size()), '/', [](std::string_view part) {
           return !part.empty() && part != "." && part != "..";
         });
}

bool is_secret_pattern(std::string_view text) {
  std::string sample(text);
  if (sample.ends_with('*')) sample.back() = '_';
  return is_secret_reference(sample);
}

bool matches_secret_pattern(std::string_view pattern, std::string_view reference) {
  if (!pattern.ends_with('*')) return pattern == reference;
  pattern.remove_suffix(1);
  return reference.starts_with(pattern) && reference.size() > pattern.size() &&
         reference.find('/', pattern.size()) == std::string_view::npos;
}

}  // namespace tallygate::config
