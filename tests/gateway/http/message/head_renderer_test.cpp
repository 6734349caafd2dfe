#include "gateway/http/message/head_renderer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "gateway/http/message/acceptance.h"
#include "gateway/http/message/response_parser.h"

namespace tallygate::http {
namespace {

UpstreamRequestLine chat_line() {
  UpstreamRequestLine line;
  line.method = "POST";
  line.base_path = "/openai/v1";
  line.path = "/chat/completions";
  line.host = "model.example:8000";
  line.credential = "Authorization: Bearer sk-1\r\n";
  line.framing = Framing::length;
  line.content_length = 42;
  return line;
}

std::string render(const UpstreamRequestLine& line, Fields fields) {
  RequestHead head;
  head.fields = std::move(fields);
  std::string out;
  render_request_head(line, head, out);
  return out;
}

/// The forwarded fields alone: what stands between Host and Accept-Encoding.
std::string forwarded(Fields fields, bool own_trace = false) {
  UpstreamRequestLine line = chat_line();
  line.own_trace = own_trace;
  const std::string out = render(line, std::move(fields));
  const std::string before = "Host: model.example:8000\r\n";
  const std::size_t from = out.find(before) + before.size();
  return out.substr(from, out.find("Accept-Encoding: identity\r\n") - from);
}

std::string answer(const DownstreamStatus& status, Fields fields) {
  ResponseHead head;
  head.fields = std::move(fields);
  std::string out;
  render_response_head(status, head, out);
  return out;
}

std::string returned(Fields fields) {
  const std::string out = answer({}, std::move(fields));
  const std::size_t from = std::string("HTTP/1.1 200 OK\r\n").size();
  return out.substr(from, out.find("Server: tallygate\r\n") - from);
}

TEST(RequestRenderer, WritesTheGatesOwnLines) {
  EXPECT_EQ(render(chat_line(), {{"Content-Type", "application/json"}}),
            "POST /openai/v1/chat/completions HTTP/1.1\r\nHost: model.example:8000\r\n"
            "Content-Type: application/json\r\nAccept-Encoding: identity\r\n"
            "Authorization: Bearer sk-1\r\nContent-Length: 42\r\n\r\n");
  UpstreamRequestLine line;
  line.method = "GET";
  line.path = "/models";
  line.query = "limit=2";
  line.host = "[::1]:80";
  line.extra = "traceparent: 00-1\r\nx-a: b\r\n";
  EXPECT_EQ(render(line, {}),
            "GET /models?limit=2 HTTP/1.1\r\nHost: [::1]:80\r\nAccept-Encoding: identity\r\n"
            "traceparent: 00-1\r\nx-a: b\r\n\r\n");
  line.framing = Framing::chunked;
  EXPECT_NE(render(line, {}).find("\r\nTransfer-Encoding: chunked\r\n\r\n"), std::string::npos);
}

TEST(RequestRenderer, AppendsBehindWhatIsThere) {
  std::string out = "before";
  render_request_head(chat_line(), RequestHead{}, out);
  EXPECT_EQ(out.substr(0, 11), "beforePOST ");
  EXPECT_EQ(out.substr(out.size() - 4), "\r\n\r\n");
}

TEST(RequestRenderer, LeavesBehindWhatMustNotCross) {
  for (const char* name : {"Host",
                           "content-length",
                           "Expect",
                           "Cookie",
                           "Accept-Encoding",
                           "Authorization",
                           "X-API-Key",
                           "api-key",
                           "OpenAI-Organization",
                           "openai-project",
                           "x-goog-api-key",
                           "X-Amz-Security-Token",
                           "Forwarded",
                           "X-Real-IP",
                           "X-Forwarded-For",
                           "x-forwarded-proto",
                           "X-Stainless-Lang",
                           "x-stainless-",
                           "x-tallygate-unit",
                           "X-Tallygate-Tags",
                           "Connection",
                           "Keep-Alive",
                           "Proxy-Connection",
                           "Proxy-Authenticate",
                           "Proxy-Authorization",
                           "TE",
                           "Trailer",
                           "Transfer-Encoding",
                           "Upgrade",
                           ""}) {
    EXPECT_EQ(forwarded({{name, "v"}}), "") << name;
  }
}

TEST(RequestRenderer, ForwardsTheRest) {
  for (const std::string name :
       {"Content-Type", "Accept", "User-Agent", "anthropic-version", "anthropic-beta",
        "OpenAI-Beta", "X-Client-Request-Id", "x-session-id", "X-Stainless", "x-tallygate",
        "Cookies", "Hosts", "traceparent", "tracestate", "api-key2", "X-Forwarded"}) {
    EXPECT_EQ(forwarded({{name, "v w"}}), name + ": v w\r\n");
  }
  EXPECT_EQ(forwarded({{"A", "1"}, {"Cookie", "x"}, {"A", "2"}, {"B", ""}}),
            "A: 1\r\nA: 2\r\nB: \r\n");
}

TEST(RequestRenderer, ReplacesTheTraceWhenItHasItsOwn) {
  const Fields fields = {{"Traceparent", "a"}, {"tracestate", "b"}, {"Trace", "c"}};
  EXPECT_EQ(forwarded(fields, true), "Trace: c\r\n");
  EXPECT_EQ(forwarded(fields, false), "Traceparent: a\r\ntracestate: b\r\nTrace: c\r\n");
}

TEST(RequestRenderer, DropsWhatEveryConnectionFieldNames) {
  EXPECT_EQ(forwarded({{"X-A", "1"},
                       {"Connection", "keep-alive, x-a"},
                       {"X-B", "2"},
                       {"connection", "x-c, content-type"},
                       {"X-C", "3"},
                       {"Content-Type", "t/u"}}),
            "X-B: 2\r\nContent-Type: t/u\r\n");
}

TEST(RequestRenderer, LetsNoControlCharacterOut) {
  for (const std::string bad : {"\r", "\n", "\r\nX: y", "\x01", "\x7f"}) {
    EXPECT_EQ(forwarded({{"X", "a" + bad}}), "");
    EXPECT_EQ(forwarded({{"X", "long enough to be looked at by words " + bad + " and more"}}), "");
    EXPECT_EQ(forwarded({{"X" + bad, "v"}}), "");
  }
  EXPECT_EQ(forwarded({{"X", std::string_view("a\0b", 3)}}), "");
  EXPECT_EQ(forwarded({{"X", "a\tb"}, {"Y", "tabs\tare fine in \t long values too"}}),
            "X: a\tb\r\nY: tabs\tare fine in \t long values too\r\n");
  EXPECT_EQ(forwarded({{"X", "caf\xc3\xa9 caf\xc3\xa9"}}), "X: caf\xc3\xa9 caf\xc3\xa9\r\n");
}

TEST(RequestRendererDeathTest, DiesOnABrokenLineOfOurOwn) {
  UpstreamRequestLine line = chat_line();
  line.path = "/a b";
  EXPECT_DEATH(render(line, {}), "");
  line = chat_line();
  line.host = "a\r\nX: y";
  EXPECT_DEATH(render(line, {}), "");
  line = chat_line();
  line.credential = "Authorization: no line end";
  EXPECT_DEATH(render(line, {}), "");
  line.credential = "A: b\r\n\r\n";
  EXPECT_DEATH(render(line, {}), "");
}

TEST(ResponseRenderer, WritesTheGatesOwnLines) {
  DownstreamStatus status;
  status.own_fields = "x-request-id: 1\r\n";
  status.date = "Sat, 21 Nov 2026 08:00:00 GMT";
  status.framing = Framing::length;
  status.content_length = 0;
  EXPECT_EQ(
      answer(status, {{"Content-Type", "a/b"}}),
      "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nx-request-id: 1\r\n"
      "Date: Sat, 21 Nov 2026 08:00:00 GMT\r\nServer: tallygate\r\nContent-Length: 0\r\n\r\n");
  status = {};
  status.status = 404;
  status.framing = Framing::chunked;
  status.close = true;
  std::string out;
  render_response_head(status, out);
  EXPECT_EQ(out,
            "HTTP/1.1 404 Not Found\r\nServer: tallygate\r\nTransfer-Encoding: chunked\r\n"
            "Connection: close\r\n\r\n");
}

TEST(ResponseRenderer, TellsOldClientsThatTheConnectionStays) {
  DownstreamStatus status;
  status.http_1_0 = true;
  EXPECT_NE(answer(status, {}).find("\r\nConnection: keep-alive\r\n"), std::string::npos);
  status.close = true;
  EXPECT_EQ(answer(status, {}).find("keep-alive"), std::string::npos);
}

TEST(ResponseRenderer, WritesAnyStatus) {
  DownstreamStatus status;
  status.status = 599;
  EXPECT_EQ(answer(status, {}).substr(0, 15), "HTTP/1.1 599 \r\n");
  EXPECT_EQ(reason_of(429), "Too Many Requests");
  EXPECT_EQ(reason_of(299), "");
}

TEST(ResponseRenderer, LeavesBehindWhatSpeaksForTheUpstream) {
  for (const char* name :
       {"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Trailer", "Upgrade",
        "Date", "server", "Set-Cookie", "Alt-Svc", "Strict-Transport-Security",
        "X-Tallygate-Version", "x-upstream-request-id"}) {
    EXPECT_EQ(returned({{name, "v"}}), "") << name;
  }
  for (const std::string name : {"Content-Type", "Cache-Control", "openai-processing-ms",
                                 "retry-after", "x-ratelimit-reset-tokens", "Dates"}) {
    EXPECT_EQ(returned({{name, "v"}}), name + ": v\r\n");
  }
  EXPECT_EQ(returned({{"X-Request-ID", "req_1"}}), "x-upstream-request-id: req_1\r\n");
  EXPECT_EQ(returned({{"Connection", "x-a"}, {"X-A", "1"}}), "");
  EXPECT_EQ(returned({{"X", "a\r\nSet-Cookie: b"}}), "");
}

TEST(AppendField, RefusesWhatWouldSplitAHead) {
  std::string block;
  EXPECT_TRUE(append_field("x-a", "b c", block));
  EXPECT_TRUE(append_field("x-e", "", block));
  EXPECT_FALSE(append_field("x-a", "b\r\nc: d", block));
  EXPECT_FALSE(append_field("x-a", "b\n", block));
  EXPECT_FALSE(append_field("x a", "b", block));
  EXPECT_FALSE(append_field("x-a:", "b", block));
  EXPECT_FALSE(append_field("", "b", block));
  EXPECT_EQ(block, "x-a: b c\r\nx-e: \r\n");
}

// Whatever fields come in, what goes out parses again, as one message, with what was to stay.
TEST(Renderers, WriteHeadsThatOurOwnParsersAccept) {
  const std::string_view bytes(
      "\r\n\0 \t:;,aZ-\x7f\xff"
      "bcdefgh",
      20);
  for (std::uint32_t seed = 1; seed <= 2000; ++seed) {
    std::mt19937 dice(seed);
    const auto text = [&](std::size_t most) {
      std::string made;
      for (std::size_t i = 0, n = dice() % most; i < n; ++i) made += bytes[dice() % bytes.size()];
      return made;
    };
    std::vector<std::string> values;
    for (int i = 0; i < 6; ++i) values.push_back(text(24));
    Fields fields;
    for (const std::string& value : values) fields.push_back({"X-Field", value});
    fields.push_back({"Content-Type", "text/event-stream"});

    const std::string request = render(chat_line(), fields);
    RequestParser accepted(AcceptanceLimits{});
    const Result<std::size_t> size = accepted.parse_head(request);
    ASSERT_TRUE(size) << "seed " << seed << ": " << size.error().message;
    ASSERT_EQ(*size, request.size()) << "seed " << seed;
    ASSERT_EQ(accepted.head().content_type, "text/event-stream") << "seed " << seed;

    const std::string response = answer({}, fields);
    ResponseParser upstream;
    const Result<std::size_t> used = upstream.parse_head(response);
    ASSERT_TRUE(used) << "seed " << seed << ": " << used.error().message;
    ASSERT_EQ(*used, response.size()) << "seed " << seed;
    ASSERT_TRUE(upstream.head().event_stream) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tallygate::http
