// Skimming an answer against an independent parser: what Boost.JSON takes for an object must give
// the same id and counts. The reverse does not hold: answers are not validated.

#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>
#include <optional>
#include <random>
#include <string>

#include "gateway/wire/observe.h"

namespace tallygate::wire {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 4> kSeeds = {
    R"({"id":"c-1","choices":[{"message":{"content":"a \"usage\" {"}}],"usage":{"prompt_tokens":12,"x":[]}})",
    R"( { "a" : [ [ ] , { } ] , "usage" : { "y" : { "prompt_tokens" : 1 } , "prompt_tokens" : 7 } , "id" : "\u0061b" } )",
    R"({"usage":{"prompt_tokens":123456789012,"b":"}"},"error":null,"id":"\ud83d\ude00","z":-1.5e+3})",
    R"({"b":[{"id":"no"},{"usage":{"prompt_tokens":5}}],"usage":{"prompt_tokens":2.0e1},"id":"y"})"};

constexpr std::array<std::string_view, 20> kPieces = {
    "{",  "}", "[",     "]",      ":", ",",         "\"",           "\\",      "0",    "9",
    "-1", ".", "null,", "\"a\":", " ", "\"id\":\"", "\"usage\":{}", "\n\t\r ", "\x80", "true"};

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

std::string print(std::string_view id, std::uint32_t tokens) {
  return "id '" + std::string(id) + "' tokens " + std::to_string(tokens);
}

// Nothing if `text` is no JSON object, or has a member twice: then readers may differ.
std::optional<std::string> read_tree(const std::string& text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) return std::nullopt;
  const auto count = [&text](std::string_view key) {
    std::size_t n = 0;
    for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) ++n;
    return n;
  };
  if (count("\"id\"") > 2 || count("\"usage\"") > 2 || count("\\u") > 2) return std::nullopt;
  const json::object& object = value.as_object();
  std::string_view id;
  if (const auto* member = object.if_contains("id"); member && member->is_string()) {
    id = std::string_view(member->as_string());
  }
  double tokens = 0;
  const auto* usage = object.if_contains("usage");
  if (usage != nullptr && usage->is_object()) {
    const auto* number = usage->as_object().if_contains("prompt_tokens");
    if (number != nullptr && number->is_number()) tokens = number->to_number<double>();
  }
  return print(id, static_cast<std::uint32_t>(std::clamp(tokens, 0.0, 4294967295.0)));
}

TEST(AnswerDifferential, AgreesWithATreeParserOnWhateverIsJson) {
  const std::uint32_t seed = 4'242;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  constexpr int kRounds = 20'000;
  int compared = 0;
  for (int round = 0; round < kRounds && !testing::Test::HasFailure(); ++round) {
    const std::string text = damage(std::string(kSeeds[random() % kSeeds.size()]), random);
    AnswerObserver observer(Dialect::openai_chat);
    observer.observe_body(text);
    const std::optional<std::string> expected = read_tree(text);
    if (!expected) continue;
    ++compared;
    EXPECT_EQ(print(observer.response_id(), observer.usage().input_tokens), *expected) << text;
  }
  EXPECT_GT(compared, kRounds / 10);
}

TEST(AnswerDifferential, TakesNothingFromAnAnswerThatWasCut) {
  for (const std::string_view seed : kSeeds) {
    const std::size_t last_brace = seed.rfind('}');
    for (std::size_t size = 0; size <= last_brace; ++size) {
      AnswerObserver observer(Dialect::openai_chat);
      observer.observe_body(seed.substr(0, size));
      EXPECT_EQ(observer.response_id(), "") << seed.substr(0, size);
      EXPECT_FALSE(observer.usage().known) << seed.substr(0, size);
    }
  }
}

}  // namespace
}  // namespace tallygate::wire
