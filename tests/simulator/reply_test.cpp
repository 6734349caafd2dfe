#include "bench/model_simulator/reply.h"

#include <gtest/gtest.h>

namespace tallygate::simulator {
namespace {

using namespace std::chrono_literals;

struct Played {
  std::string bytes;
  After end = After::go_on;
  Duration waited{};
};

/// Plays an answer to its end without a clock.
Played play(const Profile& profile, const Ask& ask, std::string_view faults) {
  Reply reply(profile, ask, *parse_faults(faults), Occasion{.number = 7, .connection = 1});
  Played played;
  for (int calls = 0; calls < 10'000; ++calls) {
    const Step step = reply.next(played.bytes);
    played.waited += step.pause;
    if (step.after != After::go_on && step.after != After::wait) {
      played.end = step.after;
      break;
    }
  }
  return played;
}

Ask stream_of(Endpoint endpoint) {
  Ask ask;
  ask.endpoint = endpoint;
  ask.model = "m";
  ask.stream = true;
  return ask;
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + what.size())) {
    ++found;
  }
  return found;
}

TEST(Reply, EndsAsTheFaultSays) {
  const auto check = [](std::string_view faults, After end, std::size_t events) {
    const Played played = play({}, stream_of(Endpoint::chat), faults);
    EXPECT_EQ(played.end, end) << faults;
    EXPECT_EQ(count(played.bytes, "\n\n"), events) << faults;
  };
  check("", After::keep, 19);
  check("rst", After::reset, 0);
  check("hang", After::hang, 0);
  check("rst-mid-stream:3", After::reset, 3);
  check("hang-mid-stream:0", After::hang, 0);
  check("fin-after:5", After::cut, 5);
  check("fin-mid-event:5", After::cut, 5);
  check("missing-done", After::keep, 18);
  check("error-first", After::keep, 2);
  check("role-then-error", After::keep, 3);
  check("error-mid:4", After::keep, 6);
  check("empty-stream", After::keep, 0);
  check("bad-framing:bad-chunk", After::cut, 3);
  check("until-close", After::close, 19);
  check("http10", After::close, 19);
  check("close-each", After::close, 19);
  check("no-final-blank", After::keep, 18);
}

TEST(Reply, TakesAsLongAsThePaceSays) {
  Profile profile;
  profile.first_token_delay = 20ms;
  profile.pace = 5ms;
  const Duration expected = 20ms + 15 * 5ms;
  Ask ask = stream_of(Endpoint::chat);
  EXPECT_EQ(play(profile, ask, "").waited, expected);
  EXPECT_EQ(play(profile, ask, "delay:1s").waited, expected + 1s);
  ask.stream = false;
  EXPECT_EQ(play(profile, ask, "").waited, expected);
}

TEST(Reply, MakesEventsAndAnswersOfTheSizeAsked) {
  Profile profile;
  profile.events = 200;
  profile.event_bytes = 230;
  Ask ask = stream_of(Endpoint::chat);
  const Played stream = play(profile, ask, "");
  EXPECT_EQ(count(stream.bytes, "e6\r\ndata: {"), 200U);
  for (const std::size_t bytes : {570U, 600U, 10'000U}) {
    profile.answer_bytes = bytes;
    ask.stream = false;
    const Played whole = play(profile, ask, "");
    EXPECT_EQ(whole.bytes.size() - whole.bytes.find("\r\n\r\n") - 4, bytes);
  }
}

TEST(Reply, EveryProtocolStreamsItsOwnEvents) {
  const auto check = [](Endpoint endpoint, std::string_view first, std::string_view last) {
    const std::string bytes = play({}, stream_of(endpoint), "").bytes;
    const std::size_t start = bytes.find("\r\n\r\n");
    EXPECT_EQ(bytes.find(first, start), bytes.find('\n', start + 4) + 1) << bytes.substr(0, 600);
    EXPECT_NE(bytes.find(last), std::string::npos) << last;
  };
  check(Endpoint::chat, "data: {\"id\":\"chatcmpl-", "data: [DONE]\n\n\r\n0\r\n\r\n");
  check(Endpoint::completions, "data: {\"id\":\"cmpl-", "data: [DONE]\n\n\r\n0\r\n\r\n");
  check(Endpoint::responses, "event: response.created\n", "event: response.completed\n");
  check(Endpoint::messages, "event: message_start\n",
        "{\"type\":\"message_stop\"}\n\n\r\n0\r\n\r\n");
}

TEST(Reply, KeepsOneLengthWithoutFaults) {
  Ask ask = stream_of(Endpoint::chat);
  ask.stream = false;
  const std::string bytes = play({}, ask, "").bytes;
  EXPECT_EQ(count(bytes, "content-length: "), 1U);
  EXPECT_EQ(count(bytes, "transfer-encoding"), 0U);
  EXPECT_NE(bytes.find("x-request-id: sim-7\r\n"), std::string::npos);
}

}  // namespace
}  // namespace tallygate::simulator
