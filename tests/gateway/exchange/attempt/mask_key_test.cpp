#include "gateway/exchange/attempt/mask_key.h"

#include <gtest/gtest.h>

namespace tallygate {
namespace {

constexpr std::string_view kKey = "sk-secret-1234";
const std::string kMask(kKey.size(), '*');

void check(std::string text, const std::string& expected, std::size_t part = 0) {
  const std::string before = text;
  EXPECT_EQ(mask_key(kKey, text), part) << before;
  EXPECT_EQ(text, expected) << before;
}

TEST(MaskKey, WritesAsterisksOverEachKey) {
  const std::string key(kKey);
  check("", "");
  check("no key here", "no key here");
  check(key, kMask);
  check("{\"key\":\"" + key + "\"}", "{\"key\":\"" + kMask + "\"}");
  check(key + key + "," + key, kMask + kMask + "," + kMask);
  check("sk-secret-123 " + key, "sk-secret-123 " + kMask);
}

TEST(MaskKey, TellsWhatMayBeTheBeginningOfOne) {
  check("x sk-sec", "x sk-sec", 6);
  check("s", "s", 1);
  check(std::string(kKey) + "sk-", kMask + "sk-", 3);
  check("sk-secret-1235", "sk-secret-1235");
}

TEST(MaskKey, LeavesAloneWhatIsNoSecretAndWhatComesBefore) {
  std::string text = "none is none";
  EXPECT_EQ(mask_key("none", text), 0u);
  EXPECT_EQ(mask_key("", text), 0u);
  EXPECT_EQ(text, "none is none");
  text = std::string(kKey) + std::string(kKey);
  mask_key(kKey, text, kKey.size());
  EXPECT_EQ(text, std::string(kKey) + kMask);
}

/// As an answer goes out that comes piece by piece: what may be a beginning waits.
TEST(MaskKey, FindsAKeyHoweverItIsSplit) {
  const std::string whole =
      "sk-sk-secret-12 " + std::string(kKey) + std::string(kKey) + " sk-secret-sk-s";
  const std::string expected = "sk-sk-secret-12 " + kMask + kMask + " sk-secret-sk-s";
  for (std::size_t one = 0; one <= whole.size(); ++one) {
    for (std::size_t two = one; two <= whole.size(); ++two) {
      std::string sent;
      std::string held;
      for (const auto& piece :
           {whole.substr(0, one), whole.substr(one, two - one), whole.substr(two)}) {
        held += piece;
        const std::size_t part = mask_key(kKey, held);
        ASSERT_LT(part, kKey.size());
        sent += held.substr(0, held.size() - part);
        held.erase(0, held.size() - part);
      }
      ASSERT_EQ(sent + held, expected) << one << " " << two;
    }
  }
}

}  // namespace
}  // namespace tallygate
