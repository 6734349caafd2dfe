#include "gateway/exchange/attempt/retry_fields.h"

#include <gtest/gtest.h>

namespace tallygate {
namespace {

using namespace std::chrono_literals;

TEST(RetryFields, SayWhatSdksObey) {
  const auto check = [](std::chrono::milliseconds wait, const std::string& expected) {
    std::string block;
    append_retry_after(wait, block);
    EXPECT_EQ(block, expected);
  };
  check(0ms, "Retry-After: 0\r\nretry-after-ms: 0\r\n");
  check(250ms, "Retry-After: 1\r\nretry-after-ms: 250\r\n");
  check(7s, "Retry-After: 7\r\nretry-after-ms: 7000\r\n");
  check(1h, "Retry-After: 60\r\nretry-after-ms: 60000\r\n");
}

}  // namespace
}  // namespace tallygate
