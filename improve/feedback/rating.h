#pragma once
// What a person thought of an answer, in one of three forms, and as one figure. Pure.

#include <boost/json/object.hpp>
#include <cstdint>

#include "base/result.h"

namespace tallygate::improve {

/// Each 1 (worst) to 5 (best); 0 = not told.
struct Scores {
  std::uint8_t relevance = 0;
  std::uint8_t accuracy = 0;
  std::uint8_t helpfulness = 0;
  std::uint8_t creativity = 0;
  std::uint8_t overall = 0;
  bool operator==(const Scores&) const = default;
};

enum class RatingForm : std::uint8_t { thumbs, stars, scores };

struct Rating {
  RatingForm form = RatingForm::thumbs;
  bool is_up = false;      ///< of thumbs
  std::uint8_t stars = 0;  ///< of stars, 1 to 5
  Scores scores;           ///< of scores, at least one told
  bool operator==(const Rating&) const = default;
};

/// 0 (worst) to 1 (best): thumbs 0 or 1; n of 1 to 5 is (n - 1) / 4; scores the same of `overall`,
/// or where that is not told of the mean of the others.
double figure_of(const Rating& rating);

/// {"thumbs": "up"}, {"stars": 4} or {"relevance": 5, "overall": 4, ..}.
boost::json::object to_json(const Rating& rating);

/// The other way. Errors: invalid_parameter, which names the member: another form, two forms, none,
/// or a value out of its range.
Result<Rating> parse_rating(const boost::json::object& object);

}  // namespace tallygate::improve
