#include "bench/model_simulator/faults.h"

#include <gtest/gtest.h>

#include <random>

namespace tallygate::simulator {
namespace {

using namespace std::chrono_literals;

Faults parse(std::string_view text) {
  const Result<Faults> faults = parse_faults(text);
  EXPECT_TRUE(faults) << text << ": " << faults.error().message;
  return faults ? *faults : Faults{};
}

Faults parse_model(std::string_view text) {
  const Result<Faults> faults = parse_model_faults(text);
  EXPECT_TRUE(faults) << text << ": " << faults.error().message;
  return faults ? *faults : Faults{};
}

void check_refused(std::string_view text, std::string_view because) {
  const Result<Faults> faults = parse_faults(text);
  ASSERT_FALSE(faults) << text;
  EXPECT_NE(faults.error().message.find(because), std::string::npos) << faults.error().message;
}

TEST(Faults, ReadsKindsAndArguments) {
  EXPECT_FALSE(parse("").any);
  EXPECT_EQ(parse("status:503").status, 503U);
  EXPECT_EQ(parse("status:503:7").retry_after, "7");
  EXPECT_EQ(parse("answer-429:20").status, 429U);
  EXPECT_EQ(parse("answer-429:20").retry_after, "20");
  EXPECT_EQ(parse("delay:500ms").delay, Duration(500ms));
  EXPECT_EQ(parse("delay:2s").delay, Duration(2s));
  EXPECT_EQ(parse("delay:30us").delay, Duration(30us));
  EXPECT_EQ(parse("hang-mid-stream:3").hang_mid_stream, 3U);
  EXPECT_EQ(parse("error-first").error_mid, 0U);
  EXPECT_EQ(parse("bad-framing:cl-te").bad_framing, BadFraming::cl_te);
  EXPECT_EQ(parse("crlf-style:cr").crlf_style, LineEnd::cr);
  EXPECT_EQ(parse("idle-close:50ms").idle_close, Duration(50ms));
}

TEST(Faults, CombinesSeveral) {
  const Faults faults = parse("delay:5ms, close-each ,comments");
  EXPECT_TRUE(faults.any && faults.close_each && faults.comments);
  EXPECT_EQ(faults.delay, Duration(5ms));
}

TEST(Faults, NamesWhatIsWrong) {
  check_refused("explode", "\"explode\" is not known");
  check_refused("explode", "hang-mid-stream");
  check_refused("status", "it takes CODE");
  check_refused("status:9", "it takes CODE");
  check_refused("status:5x3", "it takes CODE");
  check_refused("hang:3", "it takes none");
  check_refused("delay:-1s", "it takes TIME");
  check_refused("rst-mid-stream:99999999999", "it takes N");
  check_refused("big-event:99999999999", "it takes BYTES");
  check_refused("bad-framing:none", "cl-te");
}

TEST(Faults, ModelNamesCarryThemToo) {
  EXPECT_FALSE(parse_model("gpt-4o").any);
  EXPECT_TRUE(parse_model("sim-fault-hang").hang);
  EXPECT_EQ(parse_model("sim-fault-hang-mid-stream-2").hang_mid_stream, 2U);
  EXPECT_FALSE(parse_model("sim-fault-hang-mid-stream-2").hang);
  EXPECT_EQ(parse_model("sim-fault-bad-framing-te-gzip").bad_framing, BadFraming::te_gzip);
  EXPECT_EQ(parse_model("sim-fault-status-503-7").retry_after, "7");
  const Faults two = parse_model("sim-fault-status-500+delay-10ms");
  EXPECT_EQ(two.status, 500U);
  EXPECT_EQ(two.delay, Duration(10ms));
  EXPECT_FALSE(parse_model_faults("sim-fault-nothing-known"));
}

TEST(Faults, SurvivesAnyText) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 dice(seed);
  const std::string_view alphabet = "hang-mid-stream:,+0159 status";
  for (int round = 0; round < 20'000; ++round) {
    std::string text = "sim-fault-";
    for (auto i = dice() % 20; i > 0; --i) text += alphabet[dice() % alphabet.size()];
    for (const std::string_view part :
         {std::string_view{text}, std::string_view{text}.substr(10)}) {
      const Result<Faults> header = parse_faults(part);
      const Result<Faults> model = parse_model_faults(part);
      EXPECT_TRUE(header || !header.error().message.empty());
      EXPECT_TRUE(model || !model.error().message.empty());
    }
  }
}

}  // namespace
}  // namespace tallygate::simulator
