#include "gateway/api/operation/record_search.h"

#include <array>
#include <vector>

#include "config/yaml/near_miss.h"
#include "config/yaml/scalars.h"
#include "gateway/api/operation/record_view.h"
#include "gateway/api/shapes/timestamps.h"
#include "store/bytes.h"

namespace tallygate::api {
namespace {

using store::RecordSearch;

struct NameParameter {
  std::string_view name;
  router::NameId RecordSearch::*member;
};
constexpr std::array kNames{
    NameParameter{"route", &RecordSearch::route},
    NameParameter{"assigned_version", &RecordSearch::assigned_version},
    NameParameter{"version", &RecordSearch::version},
    NameParameter{"target", &RecordSearch::target},
    NameParameter{"experiment", &RecordSearch::experiment},
};

Error wrong(std::string message, std::string_view name) {
  return make_error(Errc::invalid_parameter, std::move(message), std::string(name));
}

Result<std::optional<WallTime>> parse_time(const Query& query, std::string_view name,
                                           WallTime now) {
  const std::string_view text = query.value_of(name);
  if (text.empty()) return std::optional<WallTime>();
  const auto time = parse_moment(text, now);
  if (time) return time;
  return wrong(
      std::string(name) + " is a time such as 2026-11-21T08:00:00Z, or 1h for that long ago.",
      name);
}

/// A value below `count` by the text that `text_of` gives it.
template <class Value, class TextOf>
Result<std::optional<Value>> parse_word(const Query& query, std::string_view name, int count,
                                        const TextOf& text_of) {
  const std::string_view written = query.value_of(name);
  if (written.empty()) return std::optional<Value>();
  std::vector<std::string> words;
  for (int i = 0; i < count; ++i) {
    const auto value = static_cast<Value>(i);
    words.emplace_back(text_of(value));
    if (words.back() == written) return std::optional(value);
  }
  std::string expected = config::yaml::suggest(written, words);
  if (expected.empty()) {
    for (const auto& word : words) expected.append(expected.empty() ? ": use " : ", ").append(word);
    expected += '.';
  }
  return wrong("There is no such " + std::string(name) + expected, name);
}

Result<std::optional<std::uint8_t>> parse_variant(const Query& query) {
  const std::string_view written = query.value_of("variant");
  if (written.empty()) return std::optional<std::uint8_t>();
  for (std::uint8_t variant = 0; variant != router::kNoVariant; ++variant) {
    if (variant_name(variant) == written) return std::optional(variant);
  }
  return wrong("variant is what a record shows: a, b, ...", "variant");
}

Result<void> parse_times(const Query& query, WallTime now, RecordSearch& search) {
  const auto since = parse_time(query, "since", now);
  if (!since) return since.error();
  const auto until = parse_time(query, "until", now);
  if (!until) return until.error();
  search.since = *since;
  search.until = *until;
  if (search.since && search.until && *search.until <= *search.since) {
    return wrong("until is later than since.", "until");
  }
  return {};
}

Result<void> parse_values(const Query& query, RecordSearch& search) {
  const auto variant = parse_variant(query);
  if (!variant) return variant.error();
  const auto outcome =
      parse_word<router::Outcome>(query, "outcome", router::kOutcomeCount,
                                  [](router::Outcome value) { return router::to_string(value); });
  if (!outcome) return outcome.error();
  const auto error = parse_word<Errc>(query, "error", kErrcCount,
                                      [](Errc value) { return traits_of(value).code; });
  if (!error) return error.error();
  search.variant = *variant;
  search.outcome = *outcome;
  search.error = *error;
  if (const auto status = query.value_of("status"); !status.empty()) {
    const auto whole = config::yaml::parse_whole(status);
    if (!whole || *whole < 100 || *whole > 599) {
      return wrong("status is an HTTP status, 100 to 599.", "status");
    }
    search.status = static_cast<std::uint16_t>(*whole);
  }
  return {};
}

Result<void> parse_page(const Query& query, RecordSearch& search) {
  const auto paging = parse_paging(query);
  if (!paging) return paging.error();
  search.limit = paging->limit;
  if (paging->after.empty()) return {};
  search.before = parse_place(paging->after);
  if (search.before) return {};
  return wrong("cursor is not one that this endpoint gave: start again.", "cursor");
}

}  // namespace

Result<std::optional<RecordSearch>> parse_record_search(const Query& query,
                                                        const store::Names& names, WallTime now) {
  RecordSearch search;
  if (auto times = parse_times(query, now, search); !times) return times.error();
  if (auto values = parse_values(query, search); !values) return values.error();
  if (auto page = parse_page(query, search); !page) return page.error();
  for (const auto& [name, member] : kNames) {
    const std::string_view text = query.value_of(name);
    search.*member = names.find(text);
    if (!text.empty() && search.*member == 0) return std::optional<RecordSearch>();
  }
  return std::optional(search);
}

std::string key_of(const store::LogPlace& place) {
  return store::big_endian(place.batch) + store::big_endian(place.index);
}

std::optional<store::LogPlace> parse_place(std::string_view key) {
  constexpr std::size_t kBatchBytes = sizeof(store::LogPlace::batch);
  if (key.size() != kBatchBytes + sizeof(store::LogPlace::index)) return std::nullopt;
  const store::LogPlace place{store::from_big_endian<std::uint64_t>(key.substr(0, kBatchBytes)),
                              store::from_big_endian<std::uint32_t>(key.substr(kBatchBytes))};
  // No batch has the number 0, and none has so many records.
  constexpr std::uint32_t kMostRecords = 0xFFFF;
  if (place.batch == 0 || place.index > kMostRecords) return std::nullopt;
  return place;
}

}  // namespace tallygate::api
