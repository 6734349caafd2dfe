// Inspection and splicing against an independent parser: Boost.JSON, which builds whole trees.

#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>
#include <optional>
#include <random>
#include <string>

#include "gateway/wire/inspect.h"
#include "gateway/wire/splice.h"

namespace tallygate::wire {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 5> kSeeds = {
    R"({"model":"m","messages":[{"role":"user","content":"a\n\u00e9"}],"stream":true})",
    R"( {"stream" : true, "stream_options":{"x":[1,{}],"include_usage":null},"model":"\u006d"} )",
    R"({"stream":true,"stream_options":null,"a":-1.5e+3,"model":"m","user":"u","b":[[],{}]})",
    R"({"stream":true,"stream_options":{ },"model":"m","metadata":{"user_id":"x"},"n":0})",
    R"({"model":"m","a":"\ud83d\ude00","b":[true,false,null,12],"stream":false})"};

constexpr std::array<std::string_view, 22> kPieces = {
    "{",  "}",  "[",    "]",     ":",    ",",    "\"",     "\\",         "\\u00", "\\ud83d", "0",
    "-1", "e5", "null", "true,", "\x80", "\x01", "\"a\":", "\"model\":", "é",     " ",       "."};

std::string damage(std::string text, std::mt19937& random) {
  for (auto edits = random() % 3; edits > 0; --edits) {
    const std::size_t at = random() % (text.size() + 1);
    if (random() % 2 == 0) {
      text.insert(at, kPieces[random() % kPieces.size()]);
    } else {
      text.erase(at, 1 + random() % 3);
    }
  }
  return text;
}

// Nothing if `text` is not a JSON object.
std::optional<json::object> parse_object(const std::string& text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

json::object expected_upstream(json::object body) {
  body["model"] = "up";
  if (const auto* stream = body.if_contains("stream"); stream && *stream == true) {
    json::value& options = body["stream_options"];
    if (!options.is_object()) options = json::object();
    options.as_object()["include_usage"] = true;
  }
  return body;
}

void check(const std::string& body, Inspector& inspector, int& accepted) {
  const std::optional<json::object> parsed = parse_object(body);
  const Result<BodyFacts> facts = inspector.inspect(body, 32);
  if (!facts) {
    EXPECT_EQ(facts.error().code == Errc::invalid_json && parsed.has_value(), false)
        << "only Boost accepts: " << body << ": " << facts.error().message;
    return;
  }
  ++accepted;
  ASSERT_TRUE(parsed.has_value()) << "Boost refuses: " << body;
  EXPECT_EQ(std::string_view(parsed->at("model").as_string()), facts->model) << body;

  const SplicedBody spliced = splice_body(body, *facts, R"("up")", true);
  std::string out;
  for (std::size_t i = 0; i < spliced.count; ++i) out += spliced.pieces[i];
  const std::optional<json::object> upstream = parse_object(out);
  ASSERT_TRUE(upstream.has_value()) << body << "\n" << out;
  EXPECT_EQ(*upstream, expected_upstream(*parsed)) << body << "\n" << out;
}

TEST(JsonDifferential, AgreesWithATreeParserOnDamagedBodies) {
  const std::uint32_t seed = 31'337;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  Inspector inspector;
  constexpr int kRounds = 20'000;
  int accepted = 0;
  for (int round = 0; round < kRounds && !testing::Test::HasFailure(); ++round) {
    check(damage(std::string(kSeeds[random() % kSeeds.size()]), random), inspector, accepted);
  }
  EXPECT_GT(accepted, kRounds / 10);
  EXPECT_LT(accepted, kRounds * 9 / 10);
}

}  // namespace
}  // namespace tallygate::wire
