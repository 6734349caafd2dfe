#include "gateway/wire/splice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

namespace tallygate::wire {
namespace {

std::string text_of(const SplicedBody& spliced) {
  std::string out;
  for (std::size_t i = 0; i < spliced.count; ++i) out += spliced.pieces[i];
  EXPECT_EQ(out.size(), spliced.bytes);
  return out;
}

std::string spliced(const std::string& body, std::string_view literal, bool inject) {
  Inspector inspector;
  const Result<BodyFacts> facts = inspector.inspect(body, 64);
  if (!facts) return "refused: " + facts.error().message;
  return text_of(splice_body(body, *facts, literal, inject));
}

void check(const std::string& body, std::string_view expected, bool inject = true) {
  EXPECT_EQ(spliced(body, R"("up")", inject), expected);
}

TEST(Splice, ReplacesTheModelAndNothingElse) {
  check(R"( {"a":1, "model" : "m\u0031" ,"b":"model"} )",
        R"( {"a":1, "model" : "up" ,"b":"model"} )");
  check(R"({"model":"m"})", R"({"model":"up"})");
}

TEST(Splice, AddsStreamOptionsWhereThereAreNone) {
  check("{\"model\":\"m\",\"stream\":true\n}  \n",
        "{\"model\":\"up\",\"stream\":true\n,\"stream_options\":{\"include_usage\":true}}  \n");
}

TEST(Splice, FillsAnEmptyOrNullStreamOptions) {
  check(R"({"stream":true,"stream_options":{ },"model":"m"})",
        R"({"stream":true,"stream_options":{"include_usage":true },"model":"up"})");
  check(R"({"stream":true,"stream_options":null,"model":"m"})",
        R"({"stream":true,"stream_options":{"include_usage":true},"model":"up"})");
  check(R"({"model":"m","stream":true,"stream_options":{}})",
        R"({"model":"up","stream":true,"stream_options":{"include_usage":true}})");
}

TEST(Splice, AddsToOtherStreamOptions) {
  check(R"({"model":"m","stream":true,"stream_options":{ "x":{"include_usage":1}}})",
        R"({"model":"up","stream":true,)"
        R"("stream_options":{"include_usage":true, "x":{"include_usage":1}}})");
}

TEST(Splice, TurnsFalseAndNullIntoTrue) {
  check(R"({"stream":true,"stream_options":{"include_usage" : false,"x":1},"model":"m"})",
        R"({"stream":true,"stream_options":{"include_usage" : true,"x":1},"model":"up"})");
  check(R"({"model":"m","stream":true,"stream_options":{"include_usage":null}})",
        R"({"model":"up","stream":true,"stream_options":{"include_usage":true}})");
}

TEST(Splice, LeavesUsageAloneWhenItIsThereNotWantedOrNoStream) {
  check(R"({"model":"m","stream":true,"stream_options":{"include_usage":true}})",
        R"({"model":"up","stream":true,"stream_options":{"include_usage":true}})");
  check(R"({"model":"m","stream":false})", R"({"model":"up","stream":false})");
  check(R"({"model":"m"})", R"({"model":"up"})");
  check(R"({"model":"m","stream":true})", R"({"model":"up","stream":true})", false);
}

TEST(Splice, CopiesNothingOfTheBody) {
  const std::string body = R"({"model":"m","stream":true,"messages":[]})";
  Inspector inspector;
  const Result<BodyFacts> facts = inspector.inspect(body, 64);
  ASSERT_TRUE(facts.has_value());
  const SplicedBody out = splice_body(body, *facts, R"("up")", true);
  ASSERT_EQ(out.count, 5u);
  EXPECT_EQ(out.pieces[0].data(), body.data());
  EXPECT_EQ(out.pieces[2].data(), body.data() + 12);
  EXPECT_EQ(out.pieces[4].data(), body.data() + body.size() - 1);
}

// Members in random order with random blanks: the result must parse to the wanted facts, and
// undoing the edits must give the client's bytes.
TEST(Splice, GivesAValidBodyForEveryOrderOfMembers) {
  const std::uint32_t seed = 7'041;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::array<std::string, 6> options = {
      "",
      R"("stream_options":{})",
      R"("stream_options":null)",
      R"("stream_options":{"include_usage":false})",
      R"("stream_options":{"a":[{}],"b":"}"})",
      R"("stream_options" : { "a":1,"include_usage": null })"};
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::string> members = {R"("model": "m")", R"("stream":true)", R"("x":"{\"}")",
                                        R"("messages":[{"content":"\u00e9"}])"};
    const std::string& option = options[random() % options.size()];
    if (!option.empty()) members.push_back(option);
    std::shuffle(members.begin(), members.end(), random);
    std::string body = "{";
    for (const std::string& member : members) {
      if (body.size() > 1) body += ',';
      body += std::string(random() % 3, ' ') + member + std::string(random() % 3, '\n');
    }
    body += '}';
    const std::string out = spliced(body, R"("a much longer name")", true);
    Inspector inspector;
    const Result<BodyFacts> facts = inspector.inspect(out, 64);
    ASSERT_TRUE(facts.has_value()) << body << "\n" << out;
    EXPECT_EQ(facts->model, "a much longer name");
    EXPECT_TRUE(facts->stream && facts->include_usage && facts->has_messages) << out;

    const std::string only_model = spliced(body, R"("a much longer name")", false);
    const std::string restored = spliced(only_model, R"("m")", false);
    EXPECT_EQ(restored, body);
  }
}

TEST(Splice, ReplacesTheModelOfAForm) {
  const std::string body =
      "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b--\r\n";
  const Result<MultipartFacts> facts = inspect_multipart(body, "b");
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(text_of(splice_multipart(body, *facts, "whisper-1")),
            "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--b--\r\n");
}

TEST(JsonLiteral, QuotesAndEscapes) {
  EXPECT_EQ(json_literal("gpt"), R"("gpt")");
  EXPECT_EQ(json_literal("a\"b\\"), R"("a\"b\\")");
  EXPECT_EQ(json_literal(""), R"("")");
}

}  // namespace
}  // namespace tallygate::wire
