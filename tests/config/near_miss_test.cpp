#include "config/yaml/near_miss.h"

#include <gtest/gtest.h>

namespace tallygate::config::yaml {
namespace {

void check(std::string_view written, const std::string& expected) {
  const std::vector<std::string> keys = {"port", "address", "max_targets", "first_token", "on"};
  EXPECT_EQ(suggest(written, keys), expected.empty() ? "" : "; did you mean `" + expected + "`?")
      << written;
}

TEST(NearMiss, FindsSlipsOfTheFinger) {
  check("prot", "port");
  check("ports", "port");
  check("adress", "address");
  check("max-targets", "max_targets");
  check("Max_Targets", "max_targets");
  check("fist_tokn", "first_token");
}

TEST(NearMiss, KeepsSilentAboutStrangers) {
  check("banana", "");
  check("x", "");
  check("", "");
  check(std::string(1000, 'a'), "");
}

TEST(NearMiss, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("abc", ""), 3);
  EXPECT_EQ(edit_distance("abcd", "abdc"), 1);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
}

}  // namespace
}  // namespace tallygate::config::yaml
