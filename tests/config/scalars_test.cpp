#include "config/yaml/scalars.h"

#include <gtest/gtest.h>

#include <random>

namespace tallygate::config::yaml {
namespace {

void check_duration(std::string_view text, std::int64_t expected_ms) {
  const auto duration = parse_duration(text);
  EXPECT_EQ(duration ? duration->count() : -1, expected_ms) << text;
}

void check_size(std::string_view text, std::int64_t expected) {
  const auto bytes = parse_size(text);
  EXPECT_EQ(bytes ? static_cast<std::int64_t>(*bytes) : -1, expected) << text;
}

TEST(Duration, IsAWholeNumberAndAUnit) {
  check_duration("250ms", 250);
  check_duration("0s", 0);
  check_duration("5s", 5'000);
  check_duration("10m", 600'000);
  check_duration("1h", 3'600'000);
  check_duration("30d", std::int64_t{30} * 86'400'000);
  for (const char* bad : {"", "5", "s", "-5s", "+5s", "05s", "1.5s", "5 s", "5S", "5sec", "1h30m",
                          "5us", "99999999999999999999s", "9223372036854775807d", "0x5s", "5s "}) {
    check_duration(bad, -1);
  }
}

TEST(Size, IsBytesOrHasABinaryUnit) {
  check_size("0", 0);
  check_size("4096", 4096);
  check_size("1B", 1);
  check_size("64KiB", 65536);
  check_size("8MiB", 8 << 20);
  check_size("2GiB", std::int64_t{2} << 30);
  for (const char* bad :
       {"", "KiB", "64KB", "64K", "64kib", "-1", "01KiB", "1.5MiB", "9999999999TiB", "64 KiB"}) {
    check_size(bad, -1);
  }
}

TEST(Number, IsFiniteAndDecimal) {
  EXPECT_EQ(parse_number("0.2"), 0.2);
  EXPECT_EQ(parse_number("-3"), -3);
  EXPECT_EQ(parse_number("1e-3"), 1e-3);
  for (const char* bad : {"", "nan", "inf", "-inf", "0x10", "1_000", "1,5", " 1", "1 ", "1e999"}) {
    EXPECT_FALSE(parse_number(bad)) << bad;
  }
}

TEST(Whole, HasNoSignLeadingZeroOrOverflow) {
  EXPECT_EQ(parse_whole("0"), 0U);
  EXPECT_EQ(parse_whole("18446744073709551615"), UINT64_MAX);
  for (const char* bad : {"", "-1", "+1", "007", "1.0", "1e3", "18446744073709551616", "0x1"}) {
    EXPECT_FALSE(parse_whole(bad)) << bad;
  }
}

TEST(Scalars, ReadBackWhatTheyRender) {
  constexpr unsigned kSeed = 20'261'121;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 2000; ++round) {
    const std::uint64_t raw = random() >> (random() % 64);
    const auto bounded = static_cast<std::int64_t>(raw >> 2);
    const std::chrono::milliseconds duration{bounded - bounded % (round % 2 == 0 ? 1 : 1000)};
    EXPECT_EQ(parse_duration(render_duration(duration)), duration) << "seed " << kSeed;
    EXPECT_EQ(parse_size(render_size(raw)), raw) << "seed " << kSeed;
    const double number = static_cast<double>(raw) / 1024;
    EXPECT_EQ(parse_number(render_number(number)), number) << "seed " << kSeed;
  }
}

}  // namespace
}  // namespace tallygate::config::yaml
