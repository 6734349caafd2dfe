#include "config/rules.h"
#include "config/url.h"

#include <gtest/gtest.h>

namespace tallygate::config {
namespace {

void check_url(std::string_view url, const std::string& expected) {
  const auto problem = problem_of_url(url);
  const std::string found = problem.value_or("");
  if (expected.empty()) {
    EXPECT_EQ(found, "") << url;
  } else {
    EXPECT_NE(found.find(expected), std::string::npos) << url << " gave: " << found;
  }
}

TEST(Url, AcceptsWhatAnUpstreamCanBe) {
  for (const char* url :
       {"http://127.0.0.1:9001/v1", "https://api.openai.com/v1", "http://localhost", "http://h/",
        "http://vllm_0.svc.cluster.local:8000/a/b", "http://[::1]:9001/v1", "http://10.0.0.1",
        "HTTPS://API.example.com/v1/", "http://example.com.", "http://1password.com/v1"}) {
    check_url(url, "");
  }
}

TEST(Url, RefusesOtherSchemesAndParts) {
  check_url("", "whole URL");
  check_url("127.0.0.1:9001", "whole URL");
  check_url("ftp://h/", "http://");
  check_url("file:///etc/passwd", "http://");
  check_url("unix://sock", "http://");
  check_url("http://user@h/", "user or password");
  check_url("http://user:pw@h/", "user or password");
  check_url("http://h/?q=1", "query");
  check_url("http://h/#f", "fragment");
  check_url("http:///v1", "needs a host");
  check_url("http://:80/", "needs a host");
  check_url("http://h:/", "port");
  check_url("http://h:0/", "port");
  check_url("http://h:65536/", "port");
  check_url("http://h:99999999999/", "port");
  check_url("http://h/a/../b", "path");
  check_url("http://h//b", "path");
  check_url("http://h/..", "path");
  check_url("http://h h/", "not a valid URL");
  check_url("http://[::1/", "not a valid URL");
  check_url("http://h/\r\nx", "not a valid URL");
  check_url("http://a..b/", "neither a DNS name");
  check_url("http://%31%32%37.0.0.1/", "neither a DNS name");
}

TEST(Url, ComesApart) {
  const auto check = [](std::string_view text, const std::string& expected) {
    const auto url = parse_url(text, Query::allowed);
    ASSERT_TRUE(url.has_value()) << text << ": " << url.error().message;
    EXPECT_EQ((url->is_https ? "s|" : "|") + url->host + "|" + std::to_string(url->port) + "|" +
                  url->host_header + "|" + url->path + "|" + url->query,
              expected);
  };
  check("http://h", "|h|80|h||");
  check("HTTPS://h:443/v1?a=b", "s|h|443|h|/v1|a=b");
  check("https://h:80/", "s|h|80|h:80|/|");
  check("http://[2001:db8::7]:8080", "|2001:db8::7|8080|[2001:db8::7]:8080||");
}

TEST(Url, RefusesDisguisedAddresses) {
  for (const char* url :
       {"http://0177.0.0.1/", "http://0x7f.0.0.1/", "http://0x7f000001/", "http://2130706433/",
        "http://127.1/", "http://127.0.0.01/", "http://256.0.0.1/", "http://1.2.3.4./",
        "http://1.2.3.4.com/", "http://0/"}) {
    check_url(url, "four decimal numbers");
  }
}

TEST(Url, NeverPointsAtTheMetadataService) {
  for (const char* url : {"http://169.254.169.254/latest", "http://169.254.0.1:80/",
                          "http://[::ffff:169.254.169.254]/", "http://[::ffff:a9fe:a9fe]/",
                          "http://[fd00:ec2::254]/", "http://[FD00:0EC2:0:0:0:0:0:254]/"}) {
    check_url(url, "metadata");
  }
  check_url("http://169.253.0.1/", "");
  check_url("http://[fd00:ec2::255]/", "");
}

TEST(Url, NeverPointsAtWhatIsNoServer) {
  for (const char* url : {"http://0.0.0.0:8000/v1", "http://224.0.0.1/", "http://255.255.255.255/",
                          "http://[::]/", "http://[ff02::1]/", "http://[::ffff:0.0.0.0]/"}) {
    check_url(url, "no server");
  }
  check_url("http://127.0.0.1/", "");
  check_url("http://[::1]/", "");
  check_url("http://10.0.0.1/", "");
}

TEST(Semver, FollowsTheSpecification) {
  for (const char* good : {"0.0.0", "1.0.0", "10.20.30", "1.0.0-alpha", "1.0.0-alpha.1",
                           "1.0.0-0.3.7", "1.0.0+build.01", "1.0.0-rc.1+b-2", "1.0.0--"}) {
    EXPECT_TRUE(is_semver(good)) << good;
  }
  for (const char* bad : {"", "1", "1.0", "1.0.0.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0+",
                          "1.0.0-01", "1.0.0-a..b", "1.0.0-ä", "1.0.-1", "a.b.c", "1.0.0 "}) {
    EXPECT_FALSE(is_semver(bad)) << bad;
  }
}

TEST(RouteName, LeavesAutoToClients) {
  for (const char* good : {"assistant", "meta/llama-3", "ft:gpt:org", "automatic", "x", "größe"}) {
    EXPECT_TRUE(is_route_name(good)) << good;
  }
  EXPECT_TRUE(is_route_name(std::string(256, 'x')));
  for (const char* bad :
       {"", "auto", "auto:cost", "auto:", "a@1", "a b", "a\tb", "a\nb", "a\x7f"}) {
    EXPECT_FALSE(is_route_name(bad)) << bad;
  }
  EXPECT_FALSE(is_route_name(std::string(257, 'x')));
  EXPECT_FALSE(is_route_name(std::string_view("a\0b", 3)));
}

TEST(VariantName, SortsAfterTheControl) {
  for (const char* good : {"a", "b", "treatment-2", "b_1"}) EXPECT_TRUE(is_variant_name(good));
  for (const char* bad : {"", "A", "1", "-a", "_a", "a b", "ä"}) {
    EXPECT_FALSE(is_variant_name(bad)) << bad;
  }
}

TEST(Cron, HasFiveFieldsInRange) {
  for (const char* good : {"0 3 * * 1", "* * * * *", "*/5 0-6 1,15 1-12/2 0-7", "59 23 31 12 7"}) {
    EXPECT_TRUE(is_cron(good)) << good;
  }
  for (const char* bad : {"", "0 3 * *", "0 3 * * 1 2", "60 0 * * *", "0 24 * * *", "0 0 0 * *",
                          "0 0 * 13 *", "0 0 * * 8", "*/0 * * * *", "5-1 * * * *", "a * * * *",
                          "0  3 * * 1", "@daily", "1, * * * *"}) {
    EXPECT_FALSE(is_cron(bad)) << bad;
  }
}

TEST(Address, KnowsLoopback) {
  for (const char* yes : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(is_loopback(yes)) << yes;
  }
  for (const char* no : {"0.0.0.0", "::", "10.0.0.1", "localhost", "", "128.0.0.1", "::7f00:1"}) {
    EXPECT_FALSE(is_loopback(no)) << no;
  }
  EXPECT_TRUE(is_ip_address("::"));
  EXPECT_FALSE(is_ip_address("localhost"));
  EXPECT_FALSE(is_ip_address("[::1]"));
}

TEST(Host, HasAnOptionalPortAndNothingElse) {
  for (const char* good : {"gate.internal", "gate:8081", "10.0.0.1", "[::1]:8081"}) {
    EXPECT_TRUE(is_host(good)) << good;
  }
  for (const char* bad : {"", "a/b", "u@h", "h?x", "h#x", "h:0", "*.x", "a b"}) {
    EXPECT_FALSE(is_host(bad)) << bad;
  }
}

TEST(SecretPattern, StandsForNamesOfItsFolderOnly) {
  const auto check = [](std::string_view pattern, std::string_view reference, bool expected) {
    EXPECT_EQ(matches_secret_pattern(pattern, reference), expected) << pattern << " " << reference;
  };
  check("env:A", "env:A", true);
  check("env:A", "env:AB", false);
  check("env:A_*", "env:A_KEY", true);
  check("env:A_*", "env:A_", false);
  check("env:A_*", "env:B_KEY", false);
  check("env:*", "env:ANY", true);
  check("env:*", "file:/a", false);
  check("file:/run/secrets/*", "file:/run/secrets/key", true);
  check("file:/run/secrets/*", "file:/run/secrets/deep/key", false);
  check("file:/run/secrets/a-*", "file:/run/secrets/a-key", true);
  check("file:/run/secrets/a-*", "file:/run/secrets/b-key", false);
  check("file:/run/secrets/a", "file:/run/secrets/a", true);
  check("", "", true);
}

TEST(SecretReference, NamesAVariableOrAPathThatStaysWhereItBegins) {
  for (const char* sound : {"env:A", "env:_a1", "file:/a", "file:/a/b.c-d", "file:/a/..data/key"}) {
    EXPECT_TRUE(is_secret_reference(sound)) << sound;
  }
  for (const char* wrong : {"", "A", "env:", "env:1A", "env:A B", "env:A:-b", "env:A}", "env:A*",
                            "file:", "file:/", "file:a", "file:/a//b", "file:/a/", "file:/a/../b",
                            "file:/..", "file:/a/./b", "file:/a}", "file:/a*", "http://h"}) {
    EXPECT_FALSE(is_secret_reference(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace tallygate::config
