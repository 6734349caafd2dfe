#include "gateway/wire/inspect.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>

namespace tallygate::wire {
namespace {

constexpr std::uint32_t kDepth = 64;

std::string code_of(const Error& error) { return std::string(traits_of(error.code).code); }

// The body is copied to a block of its own size, so that the sanitizer sees any read behind it.
Error fault_of(std::string_view body, std::uint32_t depth = kDepth) {
  Inspector inspector;
  const auto block = std::make_unique<char[]>(body.size());
  std::copy(body.begin(), body.end(), block.get());
  Result<BodyFacts> facts = inspector.inspect({block.get(), body.size()}, depth);
  EXPECT_FALSE(facts.has_value()) << "accepted: " << body.substr(0, 200);
  return facts.has_value() ? Error{} : facts.error();
}

void check_invalid(std::string_view body, std::string_view message_part = "") {
  const Error error = fault_of(body);
  EXPECT_EQ(code_of(error), "invalid_json") << body.substr(0, 200);
  EXPECT_NE(error.message.find(message_part), std::string::npos) << error.message;
}

void check_parameter(std::string_view body, std::string_view param) {
  const Error error = fault_of(body);
  EXPECT_EQ(code_of(error), "invalid_parameter") << body;
  EXPECT_EQ(error.param, param) << body;
}

// Runs `look` on the facts while the views are alive.
template <class Look>
void check(const std::string& body, Look look) {
  Inspector inspector;
  const Result<BodyFacts> facts = inspector.inspect(body, kDepth);
  ASSERT_TRUE(facts.has_value()) << body.substr(0, 200) << ": " << facts.error().message;
  look(*facts);
}

std::string_view text_at(std::string_view body, Span span) {
  return body.substr(span.offset, span.size);
}

TEST(Inspect, ReadsWhatRoutingNeedsFromAChatBody) {
  const std::string body =
      R"( {"model" : "gpt-4o", "messages":[{"role":"user","content":"hi"}], "stream":true,
          "stream_options":{"include_usage":false, "x":[1]}, "user":"u1", "store":true,
          "safety_identifier":"s1","metadata":{"a":{"user_id":"no"},"user_id":"m1"},"n":1} )";
  check(body, [&](const BodyFacts& facts) {
    EXPECT_EQ(facts.model, "gpt-4o");
    EXPECT_EQ(text_at(body, facts.model_value), R"("gpt-4o")");
    EXPECT_TRUE(facts.stream);
    EXPECT_TRUE(facts.has_stream_options);
    EXPECT_FALSE(facts.include_usage);
    EXPECT_FALSE(facts.empty_stream_options);
    EXPECT_EQ(text_at(body, facts.stream_options_value), R"({"include_usage":false, "x":[1]})");
    EXPECT_EQ(text_at(body, facts.include_usage_value), "false");
    EXPECT_EQ(facts.last_brace.offset, body.size() - 2);
    EXPECT_EQ(facts.user, "u1");
    EXPECT_EQ(facts.safety_identifier, "s1");
    EXPECT_EQ(facts.metadata_user_id, "m1");
    EXPECT_TRUE(facts.has_messages);
    EXPECT_FALSE(facts.has_input);
    EXPECT_FALSE(facts.has_prompt);
    EXPECT_TRUE(facts.store);
  });
}

TEST(Inspect, TakesNullForAbsent) {
  check(R"({"model":"m","stream":null,"user":null,"metadata":null,"stream_options":null,
            "messages":null,"input":null,"prompt":null,"store":null,"safety_identifier":null})",
        [](const BodyFacts& facts) {
          EXPECT_FALSE(facts.stream || facts.store || facts.has_stream_options);
          EXPECT_FALSE(facts.has_messages || facts.has_input || facts.has_prompt);
          EXPECT_EQ(facts.stream_options_value.size, 4u);
          EXPECT_TRUE(facts.user.empty());
        });
}

TEST(Inspect, IgnoresRoutingKeysAtOtherDepths) {
  check(R"({"x":{"model":1,"stream":"no"},"model":"m","y":[{"model":"n","user":{}}]})",
        [](const BodyFacts& facts) { EXPECT_EQ(facts.model, "m"); });
}

TEST(Inspect, KnowsAKeyInAnySpelling) {
  check(R"({"\u006do\u0064el":"m\u00e9\ud83d\ude00\n\/","us\u0065r":"\"u\""})",
        [](const BodyFacts& facts) {
          EXPECT_EQ(facts.model, "m\u00e9\U0001F600\n/");
          EXPECT_EQ(facts.user, "\"u\"");
        });
  check_parameter(R"({"model":"a","\u006dodel":"b"})", "model");
  check_parameter(R"({"model":"a","metadata":{"user_id":"a","user\u005fid":"b"}})",
                  "metadata.user_id");
}

TEST(Inspect, RefusesDuplicatesOfEveryRoutingKey) {
  const std::pair<std::string, std::string> members[] = {
      {"model", R"("m")"},      {"stream", "true"},
      {"stream_options", "{}"}, {"user", R"("u")"},
      {"metadata", "{}"},       {"messages", "[]"},
      {"input", "[]"},          {"prompt", R"("p")"},
      {"store", "true"},        {"safety_identifier", R"("s")"}};
  for (const auto& [key, value] : members) {
    const std::string member = '"' + key + "\":" + value;
    check_parameter('{' + member + ",\"x\":1," + member + '}', key);
    check_parameter('{' + member + ",\"" + key + "\":null}", key);
  }
  check_parameter(R"({"model":"m","stream_options":{"include_usage":true,"include_usage":true}})",
                  "stream_options.include_usage");
}

TEST(Inspect, RefusesWrongTypes) {
  check_parameter(R"({"model":1})", "model");
  check_parameter(R"({"model":null})", "model");
  check_parameter(R"({"model":["m"]})", "model");
  check_parameter(R"({"model":""})", "model");
  check_parameter(R"({"model":"m","stream":"true"})", "stream");
  check_parameter(R"({"model":"m","stream":1})", "stream");
  check_parameter(R"({"model":"m","stream_options":[]})", "stream_options");
  check_parameter(R"({"model":"m","stream_options":{"include_usage":1}})",
                  "stream_options.include_usage");
  check_parameter(R"({"model":"m","user":5})", "user");
  check_parameter(R"({"model":"m","user":{"model":"x"}})", "user");
  check_parameter(R"({"model":"m","safety_identifier":[]})", "safety_identifier");
  check_parameter(R"({"model":"m","metadata":"x"})", "metadata");
  check_parameter(R"({"model":"m","metadata":{"user_id":{}}})", "metadata.user_id");
  check_parameter(R"({"model":"m","store":"yes"})", "store");
}

TEST(Inspect, MissesTheModel) {
  for (const char* body : {"{}", R"({"messages":[]})", R"({"x":{"model":"m"}})"}) {
    const Error error = fault_of(body);
    EXPECT_EQ(code_of(error), "missing_parameter") << body;
    EXPECT_EQ(error.param, "model");
  }
}

TEST(Inspect, TakesAModelNameOfAnyLengthAndContent) {
  const std::string name(10'240, 'x');
  check("{\"model\":\"" + name + "\"}", [&](const BodyFacts& f) { EXPECT_EQ(f.model, name); });
  check(R"({"model":"../<script>\u0000"})", [](const BodyFacts& facts) {
    EXPECT_EQ(facts.model, std::string_view("../<script>\0", 12));
  });
}

TEST(Inspect, RefusesWhatIsNoJson) {
  check_invalid("", "empty");
  check_invalid("   ", "empty");
  check_invalid("\xEF\xBB\xBF{\"model\":\"m\"}", "byte order mark");
  check_invalid("[]", "object at byte 0");
  check_invalid("\"model\"", "object");
  check_invalid("null");
  check_invalid("{", "at byte 1");
  check_invalid("{}{}", "more bytes after the document at byte 2");
  check_invalid(R"({"model":"m"} x)", "at byte 14");
  check_invalid(R"({"model":"m"}")", "not closed");
  check_invalid(R"({"model":"m",})", "at byte 13");
  check_invalid(R"({,"model":"m"})");
  check_invalid(R"({"model":"m" "a":1})", "',' or '}' at byte 13");
  check_invalid(R"({"model" "m"})", "':'");
  check_invalid(R"({"model":"m","a"})");
  check_invalid(R"({"model":"m","a":})");
  check_invalid(R"({"model":"m",1:2})");
  check_invalid(R"({"model":"m","a":[1,]})");
  check_invalid(R"({"model":"m","a":[1 2]})");
  check_invalid(R"({"model":"m","a":[1}})");
  check_invalid(R"({"model":"m","a":{"b":1]})");
  check_invalid(R"({'model':'m'})");
  check_invalid(R"({"model":"m"/**/})");
  check_invalid(std::string_view("{\"model\":\"m\"}\0", 14));
}

TEST(Inspect, ChecksScalarsAlsoWhereItSkips) {
  for (const char* bad : {"01",  "-",    "+1",         "1.",     ".5",       "1e",         "1e+",
                          "0x1", "--1",  "1_0",        "NaN",    "Infinity", "tru",        "truex",
                          "nul", "True", "true\"x\"",  "1\"x\"", "\"a\"b",   "\"a\"\"b\"", "1 2",
                          "-01", "1a",   "true false", "1.2.3",  "\x01"}) {
    check_invalid(std::string(R"({"model":"m","a":[{"b":)") + bad + "}]}");
  }
  for (const char* good : {"0", "-0", "10", "1.50", "1e5", "1E+05", "-0.1e-10", "1e999", "true",
                           "false", "null", "123456789012345678901234567890", "{}", "[]", "[[]]"}) {
    check(std::string(R"({"model":"m","a":[{"b":)") + good + "}]}",
          [](const BodyFacts& facts) { EXPECT_EQ(facts.model, "m"); });
  }
}

TEST(Inspect, ChecksStringsAlsoWhereItSkips) {
  for (const char* bad : {"\\x", "\\u12", "\\u12g4", "\\ud83d", "\\ud83dx", "\\ude00",
                          "\\ud83d\\u0041", "\\ud83d\\ud83d", "\\u", "\\ud83d\\ude0", "\\'"}) {
    check_invalid(std::string(R"({"model":"m","a":")") + bad + "\"}", "byte 18");
  }
  check_invalid("{\"model\":\"m\",\"a\":\"line\nbreak\"}", "control character");
  check_invalid("{\"model\":\"m\",\"a\":\"\\\"\t\"}", "at byte 20");
  check_invalid(R"({"model":"m","a":"open})", "not closed");
  check(R"({"model":"m","a":"\"\\\/\b\f\n\r\t\u0000\ud83d\ude00\uFFFF"})",
        [](const BodyFacts& facts) { EXPECT_EQ(facts.model, "m"); });
}

TEST(Inspect, RefusesBadUtf8WithItsPlace) {
  for (const char* bad : {"\xFF", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xC3", "\x80", "\xF8\x88\x80\x80\x80"}) {
    check_invalid(std::string(R"({"model":"m","a":")") + bad + "\"}", "UTF-8 at byte 18");
  }
}

TEST(Inspect, BoundsTheDepth) {
  const auto nested = [](std::size_t depth) {
    return R"({"model":"m","a":)" + std::string(depth, '[') + std::string(depth, ']') + '}';
  };
  check(nested(kDepth - 1), [](const BodyFacts& facts) { EXPECT_EQ(facts.model, "m"); });
  check_invalid(nested(kDepth), "nested too deep");
  check_invalid(nested(100'000), "nested too deep");
  EXPECT_EQ(code_of(fault_of(nested(100'000), 1'000'000)), "invalid_json");
  EXPECT_EQ(code_of(fault_of(R"({"model":"m","a":)" + std::string(100'000, '['))), "invalid_json");
}

TEST(Inspect, RefusesEveryPrefixOfABody) {
  const std::string body =
      R"({"model":"m","stream":true,"a":[1.5e3,null,"\u00e9é"],"stream_options":{"x":{}}})";
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_EQ(code_of(fault_of(body.substr(0, size))), "invalid_json") << size;
  }
}

TEST(Inspect, ReusesItsMemoryForBodiesOfAllSizes) {
  Inspector inspector;
  for (const std::size_t size : {10u, 20'000u, 100u, 6'000'000u, 50u, 400'000u}) {
    const std::string body = R"({"input":")" + std::string(size, 'a') + R"(","model":"m"})";
    const Result<BodyFacts> facts = inspector.inspect(body, kDepth);
    ASSERT_TRUE(facts.has_value()) << size;
    EXPECT_EQ(text_at(body, facts->model_value), "\"m\"");
  }
}

// The tokenizer lives in a shared library that no sanitizer watches: a page that cannot be read
// stands behind the body.
TEST(Inspect, ReadsNoByteBehindTheBody) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* mapping =
      ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(mapping, MAP_FAILED);
  char* wall = static_cast<char*>(mapping) + page;
  ASSERT_EQ(::mprotect(wall, page, PROT_NONE), 0);
  Inspector inspector;
  for (std::size_t fill = 0; fill < 200; ++fill) {
    const std::string body = R"({"model":"m","a":")" + std::string(fill, 'x') + "\"}";
    char* start = wall - body.size();
    std::memcpy(start, body.data(), body.size());
    EXPECT_TRUE(inspector.inspect({start, body.size()}, kDepth).has_value()) << fill;
    EXPECT_FALSE(inspector.inspect({start, body.size() - 1}, kDepth).has_value()) << fill;
  }
  ::munmap(mapping, 2 * page);
}

TEST(Inspect, SurvivesRandomDamage) {
  const std::string body =
      R"({"model":"m","stream":true,"messages":[{"role":"user","content":"h\u00e9\n"}],"n":-1.5})";
  const std::uint32_t seed = 20'240'611;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  Inspector inspector;
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = body;
    for (int i = 0; i < 3; ++i)
      damaged[random() % damaged.size()] = "{}[]\":,\\u0x \x80"[random() % 14];
    const Result<BodyFacts> facts = inspector.inspect(damaged, kDepth);
    refused += facts.has_value() ? 0 : 1;
    if (facts) {
      EXPECT_EQ(damaged[facts->last_brace.offset], '}');
    }
  }
  EXPECT_GT(refused, 15'000);
}

}  // namespace
}  // namespace tallygate::wire
