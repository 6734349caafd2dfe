#include "gateway/http/head.h"

#include <gtest/gtest.h>

namespace tallygate::http {
namespace {

TEST(Head, ComparesNamesWithoutCase) {
  EXPECT_TRUE(equals_ignoring_case("Content-Type", "cONTENT-tYPE"));
  EXPECT_TRUE(equals_ignoring_case("", ""));
  EXPECT_FALSE(equals_ignoring_case("a", ""));
  EXPECT_FALSE(equals_ignoring_case("abc", "abd"));
  EXPECT_FALSE(equals_ignoring_case("xbc", "abc"));
  // Letters only: '@' and '`', '[' and '{' differ by the case bit alone.
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
  EXPECT_FALSE(equals_ignoring_case("a[", "a{"));
}

TEST(Head, FindsTheFirstValueOfAName) {
  RequestHead head;
  head.fields = {{"Accept", "a"}, {"ACCEPT", "b"}, {"X", ""}};
  EXPECT_EQ(head.value_of("accept"), "a");
  EXPECT_EQ(head.value_of("x"), "");
  EXPECT_EQ(head.value_of("y"), "");
  ResponseHead response;
  response.fields = head.fields;
  EXPECT_EQ(response.value_of("accept"), "a");
}

TEST(Head, KnowsHopByHopFields) {
  for (const char* name :
       {"Connection", "keep-alive", "Proxy-Connection", "Proxy-Authenticate", "proxy-authorization",
        "TE", "Trailer", "transfer-encoding", "UPGRADE"}) {
    EXPECT_TRUE(is_hop_by_hop(name, "")) << name;
  }
  for (const char* name : {"Content-Type", "Trailers", "Accept", "", "Upgrades"}) {
    EXPECT_FALSE(is_hop_by_hop(name, "")) << name;
  }
}

TEST(Head, DropsWhatConnectionNamesButNotWhatTheGateDependsOn) {
  EXPECT_TRUE(is_hop_by_hop("X-Foo", "keep-alive,x-foo"));
  EXPECT_TRUE(is_hop_by_hop("X-Foo", " X-FOO\t, close"));
  EXPECT_FALSE(is_hop_by_hop("X-Foo", "x-foobar, foo"));
  EXPECT_FALSE(is_hop_by_hop("X-Foo", ",,"));
  for (const char* name :
       {"Authorization", "Host", "Content-Type", "Content-Length", "x-api-key"}) {
    EXPECT_FALSE(is_hop_by_hop(name, name)) << name;
  }
}

}  // namespace
}  // namespace tallygate::http
