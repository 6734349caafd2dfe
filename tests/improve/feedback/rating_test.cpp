#include "improve/feedback/rating.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>

namespace tallygate::improve {
namespace {

Result<Rating> parse(const char* text) {
  return parse_rating(boost::json::parse(text).as_object());
}

TEST(Rating, HasOneFigureInEachForm) {
  struct Row {
    const char* text;
    double figure;
  };
  const Row rows[] = {
      {R"({"thumbs":"up"})", 1},
      {R"({"thumbs":"down"})", 0},
      {R"({"stars":1})", 0},
      {R"({"stars":4})", 0.75},
      {R"({"stars":5})", 1},
      {R"({"overall":3})", 0.5},
      {R"({"relevance":5,"accuracy":5,"overall":2})", 0.25},
      {R"({"relevance":5,"creativity":2})", 0.625},
      {R"({"helpfulness":1})", 0},
  };
  for (const Row& row : rows) {
    const auto rating = parse(row.text);
    ASSERT_TRUE(rating) << row.text;
    EXPECT_DOUBLE_EQ(figure_of(*rating), row.figure) << row.text;
    EXPECT_EQ(boost::json::serialize(to_json(*rating)), row.text);
  }
}

TEST(Rating, SaysWhatIsWrong) {
  struct Row {
    const char* text;
    const char* param;
  };
  const Row rows[] = {
      {R"({})", "rating"},
      {R"({"thumbs":"up","stars":5})", "rating"},
      {R"({"stars":5,"overall":5})", "rating"},
      {R"({"thumbs":"sideways"})", "rating.thumbs"},
      {R"({"thumbs":true})", "rating.thumbs"},
      {R"({"stars":0})", "rating.stars"},
      {R"({"stars":6})", "rating.stars"},
      {R"({"stars":-1})", "rating.stars"},
      {R"({"stars":4.5})", "rating.stars"},
      {R"({"stars":18446744073709551615})", "rating.stars"},
      {R"({"stars":"5"})", "rating.stars"},
      {R"({"accuracy":null})", "rating.accuracy"},
      {R"({"mood":5})", "rating.mood"},
  };
  for (const Row& row : rows) {
    const auto rating = parse(row.text);
    ASSERT_FALSE(rating) << row.text;
    EXPECT_EQ(rating.error().code, Errc::invalid_parameter);
    EXPECT_EQ(rating.error().param, row.param) << row.text;
  }
}

}  // namespace
}  // namespace tallygate::improve
