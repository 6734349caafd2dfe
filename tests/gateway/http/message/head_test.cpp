#include "gateway/http/message/head.h"

#include <gtest/gtest.h>

#include <string>

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

TEST(Head, ComparesEveryCharacterInEveryPlace) {
  for (std::size_t size = 1; size < 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 256; ++c) {
        for (const char other : {'A', 'z', '[', '@', '\x80', '\xc1'}) {
          std::string a(size, 'q');
          std::string b(size, 'Q');
          a[at] = static_cast<char>(c);
          b[at] = other;
          const auto lower = [](char x) { return x >= 'A' && x <= 'Z' ? x - 'A' + 'a' : x; };
          ASSERT_EQ(equals_ignoring_case(a, b), lower(a[at]) == lower(other))
              << "size " << size << " at " << at << " character " << c << " and " << int{other};
        }
      }
    }
  }
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

TEST(MediaType, IsComparedWholeWithoutParameters) {
  const auto check = [](std::string_view sent, bool expected) {
    EXPECT_EQ(is_media_type(sent, "application/json"), expected) << sent;
  };
  check("application/json", true);
  check("Application/JSON", true);
  check("application/json; charset=utf-8", true);
  check("application/json ;charset=utf-8", true);
  check("application/jsonx", false);
  check("application/jso", false);
  check("text/json", false);
  check("", false);
  check(";application/json", false);
}

}  // namespace
}  // namespace tallygate::http
