#include "gateway/wire/errors.h"

#include <gtest/gtest.h>

#include <string>

#include "gateway/wire/inspect.h"

namespace tallygate::wire {
namespace {

using config::Protocol;

std::string escaped(std::string_view text) {
  std::string out;
  append_json_escaped(out, text);
  return out;
}

TEST(ErrorBody, HasOpenAisFourKeys) {
  EXPECT_EQ(render_error_body(Protocol::openai,
                              make_error(Errc::missing_parameter, "no \"model\"", "model"), "r1"),
            R"({"error":{"message":"no \"model\"","type":"invalid_request_error",)"
            R"("param":"model","code":"missing_parameter"}})");
  EXPECT_EQ(render_error_body(Protocol::openai, make_error(Errc::overloaded, "busy"), "r1"),
            R"({"error":{"message":"busy","type":"server_error","param":null,)"
            R"("code":"overloaded"}})");
}

TEST(ErrorBody, HasAnthropicsForm) {
  EXPECT_EQ(render_error_body(Protocol::anthropic, make_error(Errc::model_not_found, "none"), "r1"),
            R"({"type":"error","error":{"type":"not_found_error","message":"none"},)"
            R"("request_id":"r1"})");
  EXPECT_EQ(render_error_body(Protocol::anthropic, make_error(Errc::internal, "x"), ""),
            R"({"type":"error","error":{"type":"api_error","message":"x"},"request_id":null})");
}

TEST(ErrorBody, StaysBoundedAndValidWhateverTheMessage) {
  std::string name;
  while (name.size() < 10'240) name += "\xC3\xA9\"<script>\x01\xFF";
  for (const Protocol protocol : {Protocol::openai, Protocol::anthropic}) {
    const std::string body =
        render_error_body(protocol, make_error(Errc::model_not_found, name, name), name);
    EXPECT_LT(body.size(), 8'192u);
    EXPECT_EQ(body.find('<'), std::string::npos);
    Inspector inspector;
    const Result<BodyFacts> facts = inspector.inspect(body, 8);
    EXPECT_EQ(facts.error().code, Errc::missing_parameter) << "not JSON: " << body;
  }
}

TEST(JsonEscape, KeepsPlainTextAndEscapesTheRest) {
  EXPECT_EQ(escaped("plain é 日本 😀"), "plain é 日本 😀");
  EXPECT_EQ(escaped("\"\\\n\r\t"), R"(\"\\\n\r\t)");
  EXPECT_EQ(escaped(std::string_view("\0\x1f\x7f", 3)), R"(\u0000\u001f\u007f)");
  EXPECT_EQ(escaped("<a href='x'>&"), R"(\u003ca href='x'\u003e\u0026)");
  EXPECT_EQ(escaped("\u2028\u2029\u2030"), "\\u2028\\u2029\u2030");
}

TEST(JsonEscape, ReplacesInvalidUtf8) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(escaped("a\xFFz"), "a" + replacement + "z");
  EXPECT_EQ(escaped("\xC3"), replacement);
  EXPECT_EQ(escaped("\xC0\xAF"), replacement + replacement);
  EXPECT_EQ(escaped("\xED\xA0\x80"), replacement + replacement + replacement);
  EXPECT_EQ(escaped("\xF0\x9F\x98"), replacement + replacement + replacement);
}

}  // namespace
}  // namespace tallygate::wire
