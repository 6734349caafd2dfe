#include "store/journal/names.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace tallygate::store {
namespace {

TEST(Names, GivesOneIdPerText) {
  Names names;
  const auto gpt = names.intern("gpt");
  const auto claude = names.intern("claude");
  EXPECT_EQ(gpt, 1U);
  EXPECT_EQ(claude, 2U);
  EXPECT_EQ(names.intern("gpt"), gpt);
  EXPECT_EQ(names.find("claude"), claude);
  EXPECT_EQ(names.text(gpt), "gpt");
  EXPECT_EQ(names.size(), 2U);
}

TEST(Names, KnowsNothingOfZeroAndOfIdsNeverGiven) {
  Names names;
  EXPECT_EQ(names.intern(""), 0U);
  EXPECT_EQ(names.find("x"), 0U);
  EXPECT_EQ(names.find(""), 0U);
  EXPECT_EQ(names.text(0), "");
  EXPECT_EQ(names.text(1), "");
  EXPECT_EQ(names.text(0xFFFFFFFF), "");
  EXPECT_EQ(names.size(), 0U);
}

TEST(Names, KeepsViewsValidWhileItGrowsOverManyChunks) {
  Names names;
  const std::string_view first = names.text(names.intern("first"));
  for (std::uint32_t i = 0; i < 3 * Names::kChunk; ++i) names.intern("n" + std::to_string(i));
  EXPECT_EQ(first, "first");
  EXPECT_EQ(first.data(), names.text(1).data());
  for (std::uint32_t i = 0; i < 3 * Names::kChunk; ++i) {
    const std::string text = "n" + std::to_string(i);
    ASSERT_EQ(names.text(i + 2), text);
    ASSERT_EQ(names.find(text), i + 2);
  }
}

TEST(Names, GoesOnAfterWhatWasRestored) {
  Names names;
  names.restore(1, "a");
  names.restore(2, "b");
  EXPECT_EQ(names.intern("b"), 2U);
  EXPECT_EQ(names.intern("c"), 3U);
  EXPECT_EQ(names.text(1), "a");
}

TEST(Names, IsReadWhileItIsWritten) {
  Names names;
  constexpr std::uint32_t kCount = 4 * Names::kChunk;
  std::thread writer([&] {
    for (std::uint32_t i = 1; i <= kCount; ++i) names.intern(std::to_string(i));
  });
  while (names.size() < kCount) {
    const auto id = names.size();
    if (id != 0) {
      ASSERT_EQ(names.text(id), std::to_string(id));
    }
  }
  writer.join();
}

}  // namespace
}  // namespace tallygate::store
