#include "gateway/access/key_hash.h"

#include "gateway/access/pepper_setting.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/gateway/access/keys.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::access {
namespace {

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(KeyHash, TokensAreAPrefixAndAllTheRandomBits) {
  const auto fixed = [](std::uint8_t byte) {
    return make_token(
        [byte](std::span<std::uint8_t> bytes) { std::fill(bytes.begin(), bytes.end(), byte); });
  };
  EXPECT_EQ(fixed(0), "tg-" + std::string(43, 'A'));
  EXPECT_EQ(fixed(0xFF), "tg-" + std::string(42, '_') + "8");  // 256 = 42 * 6 + 4 bits
  std::set<std::string> tokens;
  for (int bit = 0; bit < 256; ++bit) {
    tokens.insert(make_token([bit](std::span<std::uint8_t> bytes) {
      std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
      bytes[static_cast<std::size_t>(bit) / 8] = static_cast<std::uint8_t>(1 << bit % 8);
    }));
  }
  EXPECT_EQ(tokens.size(), 256U) << "each bit counts";
  for (const std::string& token : tokens) EXPECT_TRUE(is_token_form(token)) << token;
}

TEST(KeyHash, KnowsTheFormOfItsTokens) {
  const std::string token = "tg-" + std::string(43, 'x');
  EXPECT_TRUE(is_token_form(token));
  for (const std::string& other :
       {std::string(), token + "x", token.substr(1), "sk-" + token.substr(3), std::string("tg-")}) {
    EXPECT_FALSE(is_token_form(other)) << other;
  }
}

TEST(KeyHash, IsHmacSha256) {
  // RFC 4231 test case 2 has a shorter key, which HMAC pads with zeros: as ours does.
  Pepper pepper{'J', 'e', 'f', 'e'};
  const registry::KeyHash hash = KeyHasher(pepper).hash("what do ya want for nothing?");
  const registry::KeyHash expected{0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24,
                                   0x26, 0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27,
                                   0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};
  EXPECT_EQ(hash, expected);
}

TEST(KeyHash, KeepsOfATokenItsHashAndFourCharacters) {
  const KeyHasher one(Pepper{1});
  const KeyHasher two(Pepper{2});
  const std::string token = "tg-" + std::string(39, 'x') + "LAST";
  const registry::KeySecret secret = one.secret_of(token);
  EXPECT_EQ(secret.last_four, "LAST");
  EXPECT_EQ(secret.hash, one.hash(token));
  EXPECT_EQ(secret.pepper_id, one.pepper_id());
  EXPECT_NE(one.hash(token), two.hash(token));
  EXPECT_NE(one.pepper_id(), two.pepper_id());
  EXPECT_EQ(one.pepper_id().size(), 8U);
}

TEST(Pepper, IsMadeOnceAndOnlyItsOwnerReadsIt) {
  const testing::TemporaryDirectory directory;
  const std::string file = directory / "pepper";
  const RandomBytes random = counting_bytes();
  const auto made = load_pepper(file, random);
  ASSERT_TRUE(made.has_value()) << made.error().message;
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const auto again = load_pepper(file, random);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(*made, *again);
  EXPECT_EQ(text_of(file).size(), 65U);
}

TEST(Pepper, OfAStartThatEndedBeforeItWasWrittenIsMadeAnew) {
  const testing::TemporaryDirectory directory;
  const std::string file = directory / "pepper";
  std::ofstream(file).close();
  ::chmod(file.c_str(), 0600);
  const auto made = load_pepper(file, counting_bytes());
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(*made, load_pepper(file, counting_bytes()).value());
}

TEST(Pepper, ThatOthersMayReadOrThatIsNoneIsRefused) {
  const testing::TemporaryDirectory directory;
  const auto check = [&](const std::string& text, mode_t mode, Errc code, std::string_view word) {
    const std::string file = directory / "pepper";
    std::ofstream(file, std::ios::trunc) << text;
    ::chmod(file.c_str(), mode);
    const auto loaded = load_pepper(file, counting_bytes());
    ASSERT_TRUE(loaded.has_error()) << text;
    EXPECT_EQ(loaded.error().code, code) << text;
    EXPECT_NE(loaded.error().message.find(word), std::string::npos) << loaded.error().message;
    EXPECT_EQ(text_of(file), text) << "it stays as it is";
  };
  const std::string sound(64, 'a');
  check(sound, 0640, Errc::storage_unavailable, "chmod 600");
  check(sound, 0604, Errc::storage_unavailable, "chmod 600");
  check(sound.substr(1), 0600, Errc::storage_corrupt, "64 hexadecimal");
  check(sound + "a", 0600, Errc::storage_corrupt, "64 hexadecimal");
  check(sound.substr(1) + "g", 0600, Errc::storage_corrupt, "64 hexadecimal");
  const auto nowhere = load_pepper(directory / "no/folder", counting_bytes());
  ASSERT_TRUE(nowhere.has_error());
  EXPECT_NE(nowhere.error().message.find("no/folder"), std::string::npos);
}

TEST(Pepper, OfASettingIsSixtyFourDigits) {
  const std::string digits = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";
  const auto pepper = parse_pepper(digits);
  ASSERT_TRUE(pepper.has_value());
  EXPECT_EQ((*pepper)[1], 1);
  EXPECT_EQ((*pepper)[31], 0xFF);
  for (const std::string& wrong : {std::string(), digits.substr(1), digits + "0", digits + "\n",
                                   "g" + digits.substr(1), std::string(64, 'F')}) {
    const auto refused = parse_pepper(wrong);
    ASSERT_FALSE(refused.has_value()) << wrong;
    EXPECT_EQ(refused.error().code, Errc::config_invalid);
    EXPECT_EQ(refused.error().message.find("010203"), std::string::npos);
  }
}

}  // namespace
}  // namespace tallygate::access
