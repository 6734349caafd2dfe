#include "gateway/lifecycle/handover/handover_message.h"

#include <gtest/gtest.h>

namespace tallygate::lifecycle {
namespace {

TEST(HandoverMessage, ReadsBackWhatItWrites) {
  for (int word = 1; word <= static_cast<int>(Word::done); ++word) {
    const MessageHead head{static_cast<Word>(word), static_cast<std::size_t>(word) * 1'000'003};
    const auto read = parse_message_head(render_message_head(head)).value();
    EXPECT_EQ(read.word, head.word);
    EXPECT_EQ(read.body_bytes, head.body_bytes);
    EXPECT_FALSE(to_string(head.word).empty());
  }
}

TEST(HandoverMessage, RefusesUnknownWordsAndHugeBodies) {
  const auto check = [](std::string bytes, bool good) {
    EXPECT_EQ(parse_message_head(bytes).has_value(), good) << ::testing::PrintToString(bytes);
  };
  check(std::string("\0\0\0\0\1", 5), true);
  check(std::string("\0\0\0\0\0", 5), false);
  check(std::string("\0\0\0\0\16", 5), false);
  check(std::string("\0\0\0\4\1", 5), true);
  check(std::string("\1\0\0\4\1", 5), false);
  check(std::string("\xff\xff\xff\xff\1", 5), false);
}

}  // namespace
}  // namespace tallygate::lifecycle
