#include "gateway/wire/observe.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/wire/inspect.h"
#include "gateway/wire/sse.h"

namespace tallygate::wire {
namespace {

std::string data(const std::string& json) { return "data: " + json + "\n\n"; }

std::string typed(const std::string& type, const std::string& members = "") {
  const std::string more = members.empty() ? "" : "," + members;
  return "event: " + type + "\ndata: {\"type\":\"" + type + '"' + more + "}\n\n";
}

std::string chunk(const std::string& delta, const std::string& more = "") {
  return data(R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m",)"
              R"("choices":[{"index":0,"delta":)" +
              delta + R"(,"logprobs":null,"finish_reason":null}])" + more + "}");
}

std::string print(const EventFacts& facts) {
  std::string out;
  if (facts.content) out += "content ";
  if (facts.error) out += "error ";
  if (facts.done) out += "done ";
  if (facts.usage_only) out += "usage_only ";
  if (!out.empty()) out.pop_back();
  return out;
}

std::string print(const Usage& usage) {
  if (!usage.known) return "unknown";
  return std::to_string(usage.input_tokens) + '/' + std::to_string(usage.output_tokens) + '/' +
         std::to_string(usage.cached_tokens);
}

// What an observer that has seen nothing, and one that has seen content, make of one event.
void check_first(Dialect dialect, const std::string& event, std::string_view expected) {
  AnswerObserver observer(dialect);
  EXPECT_EQ(print(observer.observe_event(event)), expected) << event;
}

void check_later(Dialect dialect, const std::string& opening, const std::string& event,
                 std::string_view expected) {
  AnswerObserver observer(dialect);
  ASSERT_EQ(print(observer.observe_event(opening)), "content") << opening;
  EXPECT_EQ(print(observer.observe_event(event)), expected) << event;
}

void check_chat(const std::string& event, std::string_view first, std::string_view later) {
  check_first(Dialect::openai_chat, event, first);
  check_later(Dialect::openai_chat, chunk(R"({"content":"x"})"), event, later);
}

const std::string kChatUsage =
    R"("usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,)"
    R"("prompt_tokens_details":{"audio_tokens":7,"cached_tokens":4},)"
    R"("completion_tokens_details":{"cached_tokens":1,"reasoning_tokens":2}})";

TEST(ObserveChat, KnowsTheFirstContent) {
  for (const char* delta :
       {R"({"content":"hi"})", R"({"role":"assistant","content":"hi"})", R"({"content":"\u0000"})",
        R"({"tool_calls":[{"index":0,"id":"c"}]})", R"({"refusal":"no"})",
        R"({"function_call":{"name":"f"}})", R"({"reasoning_content":"hm"})",
        R"({"content":"usage"})", R"({"content":"error"})",
        R"({"content":"{\"error\":{\"usage\":1}}"})"}) {
    check_chat(chunk(delta), "content", "content");
  }
  for (const char* delta :
       {R"({"role":"assistant"})", R"({"role":"assistant","content":""})", R"({"content":null})",
        "{}", R"({"tool_calls":[ ]})", R"({"refusal":null,"content":""})"}) {
    check_chat(chunk(delta), "", "content");
  }
  check_chat(data(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})"), "content", "content");
  check_chat(data(R"({"choices":[{"delta":{}},{"delta":{"content":"b"}}]})"), "content", "content");
}

TEST(ObserveChat, KnowsErrorsAndIsNotFooledByTexts) {
  check_chat(data(R"({"error":{"message":"x","code":500}})"), "error", "error");
  check_chat(data(R"({"error" : "x"})"), "error", "error");
  check_chat(data(R"({"object":"error","message":"x","code":400})"), "error", "error");
  check_chat("event: error\n" + data(R"({"message":"x"})"), "error", "error");
  check_chat("event: error\ndata: plain text\n\n", "error", "error");
  for (const std::string none : {"null", "false", R"("")", "{}", "{ }"}) {
    check_chat(chunk(R"({"content":"x"})", ",\"error\":" + none), "content", "content");
  }
  check_chat(chunk(R"({"error":"x","content":"y"})"), "content", "content");
  check_chat(chunk(R"({})", R"(,"error" : {"message":"late"})"), "error", "error");
}

TEST(ObserveChat, KnowsTheUsageChunk) {
  check_chat(data(R"({"id":"a","choices":[],)" + kChatUsage + "}"), "usage_only", "usage_only");
  check_chat(data(R"({"choices":[ ],)" + kChatUsage + "}"), "usage_only", "usage_only");
  check_chat(data(R"({"choices":[],"usage":null})"), "", "content");
  check_chat(data(R"({"choices":[],"prompt_filter_results":[{}]})"), "", "content");
  check_chat(chunk(R"({"content":"x"})", ',' + kChatUsage), "content", "content");
  check_chat(data("{" + kChatUsage + "}"), "", "content");
}

TEST(ObserveChat, KnowsTheEnd) {
  check_chat("data: [DONE]\n\n", "done", "done");
  check_chat("data:[DONE]\r\n\r\n", "done", "done");
  check_chat("data: [DONE]", "done", "done");
  check_chat(chunk(R"({"content":"[DONE]"})"), "content", "content");
  check_chat(": comment\n\n", "", "");
  check_chat("\n", "", "");
  check_chat("id: 7\n\n", "", "");
}

TEST(ObserveChat, TakesNoGarbageForContent) {
  for (const char* garbage :
       {"{", "", "null", "[]", "\xFF", "{\"choices\":[{\"delta\":{\"content\":\"x\"}",
        "{\"choices\":[{\"delta\":{\"content\":\"x\"}}]} x"}) {
    check_chat(data(garbage), "", "content");
  }
  check_chat(data("{\"choices\":" + std::string(5'000, '[') + std::string(5'000, ']') + "}"), "",
             "content");
}

TEST(ObserveChat, OverlooksAByteOrderMarkAtTheStartOnly) {
  const std::string marked = "\xEF\xBB\xBF" + chunk(R"({"content":"x"})");
  check_chat(marked, "content", "");
}

TEST(ObserveChat, ReadsDataOfSeveralLines) {
  check_chat("data: {\"choices\":[{\"delta\":\ndata: {\"content\":\"x\"}}]}\n\n", "content",
             "content");
  check_chat("data: {\ndata: \"error\"\ndata: :1}\r\n\r\n", "error", "error");
}

TEST(ObserveChat, CollectsIdUsageAndEndOfAStream) {
  AnswerObserver observer(Dialect::openai_chat);
  EXPECT_EQ(print(observer.observe_event(chunk(R"({"role":"assistant"})", R"(,"usage":null)"))),
            "");
  EXPECT_EQ(observer.response_id(), "chatcmpl-1");
  EXPECT_EQ(print(observer.observe_event(chunk(R"({"content":"a"})", R"(,"usage":null)"))),
            "content");
  EXPECT_EQ(print(observer.usage()), "unknown");
  observer.observe_event(data(R"({"id":"other","choices":[],)" + kChatUsage + "}"));
  EXPECT_EQ(print(observer.usage()), "9/12/4");
  EXPECT_FALSE(observer.done());
  observer.observe_event("data: [DONE]\n\n");
  EXPECT_TRUE(observer.done());
  EXPECT_EQ(observer.response_id(), "chatcmpl-1");
  EXPECT_EQ(observer.data_events(), 4u);
}

// The search runs over blocks: the key must be found at every offset.
TEST(ObserveChat, FindsAKeyWhereverItStands) {
  for (std::size_t fill = 0; fill < 150; ++fill) {
    const std::string text(fill, 'x');
    check_chat(data("{\"a\":\"" + text + "\",\"error\":1}"), "error", "error");
    AnswerObserver observer(Dialect::openai_chat);
    observer.observe_event(chunk(R"({"content":"x"})"));
    observer.observe_event(
        data("{\"u\":\"" + text + R"(","usage" : {"prompt_tokens":1,"completion_tokens":2}})"));
    EXPECT_EQ(print(observer.usage()), "1/2/0") << fill;
  }
}

TEST(ObserveCompletion, KnowsTextAndFinishReason) {
  const auto check = [](const std::string& choice, std::string_view expected) {
    check_first(Dialect::openai_completion, data(R"({"choices":[)" + choice + "]}"), expected);
  };
  check(R"({"text":"a","finish_reason":null})", "content");
  check(R"({"text":"","finish_reason":null})", "");
  check(R"({"text":"","finish_reason":"length"})", "content");
}

TEST(ObserveResponses, ClassifiesTypedEvents) {
  const auto check = [](const std::string& event, std::string_view first, std::string_view later) {
    check_first(Dialect::openai_responses, event, first);
    check_later(Dialect::openai_responses, typed("response.output_text.delta", R"("delta":"x")"),
                event, later);
  };
  check(typed("response.created", R"("response":{"id":"r","error":null})"), "", "content");
  check(typed("response.in_progress"), "", "content");
  check(typed("response.output_item.added", R"("item":{"type":"message"})"), "", "content");
  check(typed("response.output_text.delta", R"("delta":"x")"), "content", "content");
  check(typed("response.output_text.delta", R"("delta":"")"), "", "content");
  check(typed("response.function_call_arguments.delta", R"("delta":"{")"), "content", "content");
  check(typed("response.output_item.done"), "content", "content");
  check(typed("response.image_generation_call.partial_image"), "content", "content");
  check(typed("response.completed", R"("response":{})"), "content done", "done");
  check(typed("response.incomplete", R"("response":{})"), "content done", "done");
  check(typed("response.failed", R"("response":{"error":{}})"), "error done", "error done");
  check(typed("error", R"("code":"x","message":"y")"), "error", "error");
  check(data(R"({"type":"response.completed"})"), "content done", "done");
  check(data(R"({"error":{"message":"x"}})"), "error", "error");
  check(typed("keepalive"), "", "content");
}

TEST(ObserveResponses, CollectsIdAndUsage) {
  AnswerObserver observer(Dialect::openai_responses);
  observer.observe_event(typed("response.created", R"("response":{"id":"resp_1","usage":null})"));
  EXPECT_EQ(observer.response_id(), "resp_1");
  observer.observe_event(typed("response.output_text.delta", R"("item_id":"msg_1","delta":"x")"));
  observer.observe_event(typed(
      "response.completed",
      R"("response":{"id":"resp_1","output":[{"id":"msg_1","content":[{"text":"}"}]}],"usage":)"
      R"({"input_tokens":36,"input_tokens_details":{"cached_tokens":30},"output_tokens":87}})"));
  EXPECT_EQ(print(observer.usage()), "36/87/30");
  EXPECT_TRUE(observer.done());
  EXPECT_EQ(observer.data_events(), 3u);
}

TEST(ObserveAnthropic, ClassifiesTypedEvents) {
  const auto check = [](const std::string& event, std::string_view first, std::string_view later) {
    check_first(Dialect::anthropic_messages, event, first);
    check_later(Dialect::anthropic_messages,
                typed("content_block_delta", R"("delta":{"type":"text_delta","text":"x"})"), event,
                later);
  };
  check(typed("message_start", R"("message":{"id":"msg_1","content":[]})"), "", "content");
  check(typed("ping"), "", "content");
  check(typed("content_block_start", R"("index":0,"content_block":{"type":"text","text":""})"), "",
        "content");
  check(typed("content_block_start", R"("content_block":{"type":"tool_use","id":"t","input":{}})"),
        "content", "content");
  check(typed("content_block_delta", R"("delta":{"type":"text_delta","text":"error"})"), "content",
        "content");
  check(typed("content_block_delta", R"("delta":{"type":"text_delta","text":""})"), "", "content");
  check(typed("content_block_delta", R"("delta":{"type":"thinking_delta","thinking":"h"})"),
        "content", "content");
  check(typed("message_delta", R"("delta":{"stop_reason":"end_turn"},"usage":{})"), "content",
        "content");
  check(typed("message_stop"), "done", "done");
  check(typed("error", R"("error":{"type":"overloaded_error","message":"x"})"), "error", "error");
  check(data(R"({"type":"error","error":{}})"), "error", "error");
  check(data(R"({"type":"message_stop"})"), "done", "done");
}

TEST(ObserveAnthropic, AddsCachedTokensToTheInput) {
  AnswerObserver observer(Dialect::anthropic_messages);
  observer.observe_event(
      typed("message_start",
            R"("message":{"id":"msg_1","usage":{"input_tokens":10,"cache_creation_input_tokens":5,)"
            R"("cache_read_input_tokens":100,"cache_creation":{"x":5},"output_tokens":1}})"));
  EXPECT_EQ(observer.response_id(), "msg_1");
  EXPECT_EQ(print(observer.usage()), "115/1/100");
  observer.observe_event(typed("message_delta", R"("delta":{},"usage":{"output_tokens":20})"));
  observer.observe_event(
      typed("message_delta", R"("delta":{},"usage":{"input_tokens":0,"output_tokens":42})"));
  EXPECT_EQ(print(observer.usage()), "115/42/100");
  observer.observe_event(typed("message_stop"));
  EXPECT_TRUE(observer.done());
}

TEST(ObserveOther, TakesAnyDataForContentAndOnlyDoneForTheEnd) {
  const auto check = [](const std::string& event, std::string_view expected) {
    check_first(Dialect::openai_other, event, expected);
  };
  check(data(R"({"type":"transcript.text.delta","delta":"x"})"), "content");
  check(data(R"({"type":"speech.audio.done","usage":{"input_tokens":1}})"), "content");
  check(data("plain text"), "content");
  check(data(R"({"type":"error","message":"x"})"), "error");
  check(data(R"({"error":{"code":1}})"), "error");
  check(data(R"({"error":{}})"), "content");
  check("data: [DONE]\n\n", "done");
  check(": ping\n\n", "");
}

void check_body(Dialect dialect, const std::string& body, std::string_view id,
                std::string_view usage) {
  AnswerObserver observer(dialect);
  EXPECT_FALSE(observer.observe_body(body));
  EXPECT_EQ(observer.response_id(), id) << body;
  EXPECT_EQ(print(observer.usage()), usage) << body;
}

TEST(ObserveBody, TellsAnErrorFromAnAnswer) {
  const auto check = [](Dialect dialect, std::string_view body, bool expected) {
    EXPECT_EQ(AnswerObserver(dialect).observe_body(body), expected) << body;
  };
  check(Dialect::openai_chat, R"({"error":{"message":"x"}})", true);
  check(Dialect::openai_chat, R"({"object":"error","message":"x"})", true);
  check(Dialect::openai_other, R"({"error":"x"})", true);
  check(Dialect::anthropic_messages, R"({"type":"error","error":{"type":"x"}})", true);
  check(Dialect::openai_chat, R"({"choices":[],"error":null})", false);
  check(Dialect::openai_chat, R"({"choices":[{"message":{"error":"x"}}]})", false);
  check(Dialect::openai_chat, R"({"error":)", false);
  check(Dialect::openai_responses, R"({"status":"failed","error":{"code":"x"}})", false);
}

TEST(ObserveBody, ReadsIdAndUsageOfEveryDialect) {
  check_body(Dialect::openai_chat,
             R"({"id":"chatcmpl-9","choices":[{"message":{"id":"no","content":"\"usage\""}}],)" +
                 kChatUsage + "}",
             "chatcmpl-9", "9/12/4");
  check_body(Dialect::openai_completion,
             R"({"id":"cmpl-1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}} )",
             "cmpl-1", "1/2/0");
  check_body(Dialect::openai_responses,
             R"({"id":"resp_1","error":null,"usage":{"input_tokens":3,"output_tokens":4}})",
             "resp_1", "3/4/0");
  check_body(Dialect::anthropic_messages,
             R"({"id":"msg_1","type":"message","usage":{"input_tokens":3,"output_tokens":4,)"
             R"("cache_creation_input_tokens":0,"cache_read_input_tokens":7}})",
             "msg_1", "10/4/7");
  check_body(Dialect::openai_other,
             R"({"object":"list","data":[{"embedding":[0.1,-2e-3]}],)"
             R"("usage":{"prompt_tokens":8,"total_tokens":8}})",
             "", "8/0/0");
  check_body(Dialect::openai_other,
             R"({"text":"x","usage":{"type":"tokens","input_tokens":14,"output_tokens":5}})", "",
             "14/5/0");
  check_body(Dialect::openai_other, R"({"text":"x","usage":{"type":"duration","seconds":3}})", "",
             "unknown");
  check_body(Dialect::openai_other, R"({"results":[],"usage":{"total_tokens":15}})", "", "15/0/0");
}

TEST(ObserveBody, IgnoresGarbage) {
  for (const char* body :
       {"", "{}", "null", "[1]", "\xFF", "{", R"({"id":5,"usage":7})",
        R"({"id":null,"usage":null})", R"({"usage":{"prompt_tokens":"x"}})",
        R"({"usage":{"prompt_tokens":-4}})", R"({"id":"a","usage":{"prompt_tokens":1})"}) {
    check_body(Dialect::openai_chat, body, "", "unknown");
  }
  check_body(Dialect::openai_chat, R"({"id":")" + std::string(257, 'x') + "\"}", "", "unknown");
  check_body(Dialect::openai_chat, R"({"id":"\u0061\/b"})", "a/b", "unknown");
}

TEST(ObserveBody, ClampsAbsurdCounts) {
  check_body(Dialect::openai_chat, R"({"usage":{"prompt_tokens":1e300,"completion_tokens":12.0}})",
             "", "4294967295/12/0");
  check_body(Dialect::anthropic_messages,
             R"({"usage":{"input_tokens":4294967295,"cache_read_input_tokens":4294967295}})", "",
             "4294967295/0/4294967295");
}

TEST(StreamError, HasTheFormOfEveryDialect) {
  const auto render = [](Dialect dialect) {
    return render_stream_error(dialect, Errc::upstream_stream_truncated, "cut \"short\"", 7);
  };
  const std::string openai =
      R"(data: {"error":{"message":"cut \"short\"","type":"upstream_error","param":null,)"
      R"("code":"upstream_stream_truncated"}})"
      "\n\n";
  EXPECT_EQ(render(Dialect::openai_chat), openai);
  EXPECT_EQ(render(Dialect::openai_completion), openai);
  EXPECT_EQ(render(Dialect::openai_other), openai);
  EXPECT_EQ(render(Dialect::anthropic_messages),
            "event: error\ndata: "
            R"({"type":"error","error":{"type":"api_error","message":"cut \"short\""}})"
            "\n\n");
  EXPECT_EQ(render(Dialect::openai_responses),
            "event: error\ndata: "
            R"({"type":"error","code":"upstream_stream_truncated","message":"cut \"short\"",)"
            R"("param":null,"sequence_number":7,"error":{"message":"cut \"short\"",)"
            R"("type":"upstream_error","param":null,"code":"upstream_stream_truncated"}})"
            "\n\n");
}

TEST(StreamError, IsOneWholeEventThatItsOwnObserverKnows) {
  for (const Dialect dialect :
       {Dialect::openai_chat, Dialect::openai_completion, Dialect::openai_responses,
        Dialect::openai_other, Dialect::anthropic_messages}) {
    const std::string event = render_stream_error(dialect, Errc::stream_idle_timeout,
                                                  "a\n\ndata: b\xFF" + std::string(5'000, 'x'), 1);
    SseScanner scanner;
    EXPECT_EQ(scanner.next_event(event), event.size());
    check_first(dialect, event, "error");
    Inspector inspector;
    EXPECT_EQ(inspector.inspect(parse_event(event).data, 8).error().code, Errc::missing_parameter);
  }
}

TEST(AnswerObserver, IsSmallWhileItIsIdle) { EXPECT_LE(sizeof(AnswerObserver), 80u); }

}  // namespace
}  // namespace tallygate::wire
