#include "gateway/api/shapes/query.h"

#include <gtest/gtest.h>

#include <random>

namespace tallygate::api {
namespace {

void check_error(std::string_view text, std::string_view param) {
  const auto query = Query::parse(text, {"limit", "cursor", "q"});
  ASSERT_TRUE(query.has_error()) << text;
  EXPECT_EQ(query.error().code, Errc::invalid_parameter) << text;
  EXPECT_EQ(query.error().param, param) << text;
}

TEST(Query, DecodesNamesAndValues) {
  const auto query = Query::parse("&q=a%20b+c%26&lim%69t=5&&cursor=", {"limit", "cursor", "q"});
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->value_of("q"), "a b c&");
  EXPECT_EQ(query->value_of("limit"), "5");
  EXPECT_EQ(query->value_of("cursor"), "");
  EXPECT_EQ(query->value_of("other"), "");
}

TEST(Query, NamesWhatIsWrong) {
  check_error("nope=1", "nope");
  check_error("=1", "");
  check_error("q=1&q=2", "q");
  check_error("q=&q=2", "q");
  check_error("q&q", "q");
  check_error("q=%", "");
  check_error("q=%2", "");
  check_error("q=%zz", "");
  std::string many;
  for (int i = 0; i < 100; ++i) many += "q=&";
  check_error(many, "q");
}

TEST(Paging, ReadsLimitAndCursor) {
  const auto page = [](const std::string& text) {
    return parse_paging(*Query::parse(text, {"limit", "cursor"}));
  };
  EXPECT_EQ(page("")->limit, kDefaultPage);
  EXPECT_EQ(page("limit=200")->limit, 200u);
  for (const auto* limit : {"0", "201", "-1", "x", "1e2", "99999999999999999999"}) {
    const auto bad = page(std::string("limit=") + limit);
    ASSERT_TRUE(bad.has_error()) << limit;
    EXPECT_EQ(bad.error().param, "limit");
  }
  const std::string key("\x00route\x1f\xff", 8);
  EXPECT_EQ(page("cursor=" + cursor_of(key))->after, key);
  for (const auto* cursor : {"0", "zz", "001", "0g"}) {
    EXPECT_TRUE(page(std::string("cursor=") + cursor).has_error()) << cursor;
  }
}

TEST(Query, SurvivesAnyBytes) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::string_view alphabet = "%&=+limtcuros01f\xff";
  for (int i = 0; i < 5'000; ++i) {
    std::string text(random() % 24, ' ');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    const auto query = Query::parse(text, {"limit", "cursor"});
    if (query) {
      EXPECT_LE(query->value_of("limit").size(), text.size());
    } else {
      EXPECT_FALSE(query.error().message.empty());
    }
  }
}

}  // namespace
}  // namespace tallygate::api
