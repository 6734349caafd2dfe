#include "improve/feedback/rating.h"

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace tallygate::improve {
namespace {

namespace json = boost::json;

constexpr std::int64_t kBest = 5;

struct ScoreName {
  std::string_view name;
  std::uint8_t Scores::*score;
};
constexpr ScoreName kScoreNames[] = {
    {"relevance", &Scores::relevance},     {"accuracy", &Scores::accuracy},
    {"helpfulness", &Scores::helpfulness}, {"creativity", &Scores::creativity},
    {"overall", &Scores::overall},
};

double figure_of_five(double value) { return (value - 1) / (static_cast<double>(kBest) - 1); }

Error wrong(std::string_view member, const char* what) {
  return make_error(Errc::invalid_parameter, std::string(member) + " is " + what + ".",
                    "rating." + std::string(member));
}

std::optional<std::uint8_t> one_to_five(const json::value& value) {
  const std::int64_t* number = value.if_int64();
  if (number == nullptr || *number < 1 || *number > kBest) return std::nullopt;
  return static_cast<std::uint8_t>(*number);
}

const ScoreName* find_score(std::string_view name) {
  for (const ScoreName& row : kScoreNames) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

/// Takes one member into `rating`. Errors: as parse_rating.
Result<RatingForm> take(std::string_view name, const json::value& value, Rating& rating) {
  if (name == "thumbs") {
    const json::string* thumbs = value.if_string();
    if (thumbs == nullptr || (*thumbs != "up" && *thumbs != "down")) {
      return wrong(name, "up or down");
    }
    rating.is_up = *thumbs == "up";
    return RatingForm::thumbs;
  }
  const ScoreName* score = find_score(name);
  if (name != "stars" && score == nullptr) return wrong(name, "no form of a rating");
  const auto number = one_to_five(value);
  if (!number) return wrong(name, "a whole number from 1 to 5");
  if (score == nullptr) {
    rating.stars = *number;
    return RatingForm::stars;
  }
  rating.scores.*(score->score) = *number;
  return RatingForm::scores;
}

}  // namespace

double figure_of(const Rating& rating) {
  if (rating.form == RatingForm::thumbs) return rating.is_up ? 1 : 0;
  if (rating.form == RatingForm::stars) return figure_of_five(rating.stars);
  if (rating.scores.overall > 0) return figure_of_five(rating.scores.overall);
  double sum = 0;
  int told = 0;
  for (const ScoreName& row : kScoreNames) {
    sum += rating.scores.*(row.score);
    told += rating.scores.*(row.score) > 0 ? 1 : 0;
  }
  return told == 0 ? 0 : figure_of_five(sum / told);
}

json::object to_json(const Rating& rating) {
  switch (rating.form) {
    case RatingForm::thumbs: return {{"thumbs", rating.is_up ? "up" : "down"}};
    case RatingForm::stars: return {{"stars", rating.stars}};
    case RatingForm::scores: break;
  }
  json::object object;
  for (const ScoreName& row : kScoreNames) {
    const std::uint8_t score = rating.scores.*(row.score);
    if (score > 0) object[row.name] = score;
  }
  return object;
}

Result<Rating> parse_rating(const json::object& object) {
  Rating rating;
  std::optional<RatingForm> form;
  for (const auto& member : object) {
    const auto found = take(member.key(), member.value(), rating);
    if (!found) return found.error();
    if (form && *form != *found) {
      return make_error(Errc::invalid_parameter,
                        "A rating has one form: thumbs, stars, or scores such as overall.",
                        "rating");
    }
    form = *found;
  }
  if (!form) {
    return make_error(Errc::invalid_parameter,
                      "rating is {\"thumbs\": \"up\"}, {\"stars\": 4}, or scores from 1 to 5 such "
                      "as {\"overall\": 4}.",
                      "rating");
  }
  rating.form = *form;
  return rating;
}

}  // namespace tallygate::improve
