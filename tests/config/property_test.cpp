// Whatever the bytes, parse() answers: settings or problems with a place, never a crash.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>

#include "tests/config/support.h"

namespace tallygate::config {
namespace {

std::string shipped(const std::string& name) {
  std::ifstream file(TALLYGATE_SOURCE_DIR "/config/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void check_answers(const std::string& text, const std::string& context) {
  const Loaded loaded = test::load(text);
  for (const Problem& problem : loaded.problems) {
    EXPECT_GE(problem.line, 1) << context << '\n' << text;
    EXPECT_GE(problem.column, 1) << context << '\n' << text;
    EXPECT_FALSE(problem.message.empty()) << context << '\n' << text;
  }
  if (!loaded.ok()) return;
  const Loaded again = test::load(print_redacted(loaded.settings));
  EXPECT_TRUE(again.ok()) << context << '\n' << text << '\n' << test::problems_of(again);
}

TEST(AnyBytes, EveryTruncationOfAFileGetsAnAnswer) {
  const std::string quickstart = shipped("quickstart.yaml");
  ASSERT_FALSE(quickstart.empty());
  for (std::size_t length = 0; length < quickstart.size(); length += 7) {
    check_answers(quickstart.substr(0, length), "first " + std::to_string(length) + " bytes");
  }
}

TEST(AnyBytes, EveryChangedFileGetsAnAnswer) {
  constexpr unsigned kSeed = 4242;
  constexpr std::string_view kSharp = "{}[]:,#&*!|>'\"%@`-? \n\t$\\0a\xC3";
  std::mt19937 random(kSeed);
  const std::string example = shipped("example.yaml");
  ASSERT_FALSE(example.empty());
  for (int round = 0; round < 300; ++round) {
    std::string text = example.substr(0, 1 + random() % example.size());
    for (unsigned change = 0; change < 1 + random() % 4; ++change) {
      text[random() % text.size()] = kSharp[random() % kSharp.size()];
    }
    check_answers(text, "seed " + std::to_string(kSeed) + " round " + std::to_string(round));
  }
}

TEST(AnyBytes, NoiseGetsAnAnswer) {
  constexpr unsigned kSeed = 99;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 200, ' ');
    for (char& c : text) c = static_cast<char>(random() % (round % 2 == 0 ? 128 : 256));
    check_answers(text, "seed " + std::to_string(kSeed) + " round " + std::to_string(round));
  }
}

TEST(ManyVersions, LoadInOneGo) {
  std::string text = "targets: {t: {url: 'http://h', model: m}}\nroutes:\n  r:\n    versions:\n";
  for (int i = 0; i < 10'000; ++i) text += "      1.0." + std::to_string(i) + ": {targets: [t]}\n";
  const Loaded loaded = test::load(text);
  EXPECT_EQ(test::problems_of(loaded), "");
  EXPECT_EQ(loaded.settings.routes.at("r").versions.size(), 10'000U);
}

}  // namespace
}  // namespace tallygate::config
