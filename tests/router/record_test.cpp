#include "router/record.h"

#include <gtest/gtest.h>

#include <set>

namespace tallygate::router {
namespace {

/// Names every enumerator below `count`, all different.
template <class Enum>
std::set<std::string_view> names_of(int count) {
  std::set<std::string_view> names;
  for (int i = 0; i < count; ++i) names.insert(to_string(static_cast<Enum>(i)));
  return names;
}

TEST(Record, NamesConversationTypesAsTheApiDoes) {
  const std::set<std::string_view> expected{"text-to-text",  "text-to-image", "text-to-audio",
                                            "text-to-video", "audio-to-text", "embedding",
                                            "rerank",        "moderation"};
  EXPECT_EQ(names_of<Conversation>(kConversationCount), expected);
  EXPECT_EQ(to_string(Conversation::audio_to_text), "audio-to-text");
}

TEST(Record, NamesEveryOutcomeAndPhaseDifferently) {
  const auto outcomes = names_of<Outcome>(kOutcomeCount);
  EXPECT_EQ(outcomes.size(), static_cast<std::size_t>(kOutcomeCount));
  EXPECT_FALSE(outcomes.contains("unknown"));
  EXPECT_EQ(names_of<Phase>(6).size(), 6U);
  EXPECT_EQ(to_string(Outcome::upstream_truncated), "upstream_truncated");
  EXPECT_EQ(to_string(Phase::streaming), "streaming");
}

TEST(Record, NamesNumbersOutsideTheEnumsUnknown) {
  EXPECT_EQ(to_string(static_cast<Conversation>(kConversationCount)), "unknown");
  EXPECT_EQ(to_string(static_cast<Outcome>(kOutcomeCount)), "unknown");
  EXPECT_EQ(to_string(static_cast<Phase>(6)), "unknown");
}

}  // namespace
}  // namespace tallygate::router
