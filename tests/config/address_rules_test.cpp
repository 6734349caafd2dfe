#include "config/address_rules.h"

#include <gtest/gtest.h>

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>
#include <string>

namespace tallygate::config {
namespace {

/// "never", "private" (the API's targets must say so) or "open".
template <class Bytes>
std::string judge(const Bytes& address) {
  if (!refuse_address(address, PrivateAddresses::allowed).empty()) return "never";
  return refuse_address(address, PrivateAddresses::refused).empty() ? "open" : "private";
}

std::string judge_text(const char* text) {
  if (const auto ipv4 = boost::urls::parse_ipv4_address(text)) return judge(ipv4->to_bytes());
  return judge(boost::urls::parse_ipv6_address(text).value().to_bytes());
}

void check(std::initializer_list<const char*> addresses, const std::string& expected) {
  for (const char* text : addresses) EXPECT_EQ(judge_text(text), expected) << text;
}

TEST(AddressRules, NeverLetAnyoneToTheMetadataService) {
  check({"169.254.0.0", "169.254.169.254", "169.254.255.255", "100.100.100.200", "192.0.0.192",
         "168.63.129.16", "fe80::1", "febf::1", "fd00:ec2::254"},
        "never");
}

TEST(AddressRules, SeeThroughIpv6Disguises) {
  check({"::ffff:169.254.169.254", "::169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
         "::ffff:0.0.0.0"},
        "never");
  check({"::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:c0a8:101::"}, "private");
  check({"::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"}, "open");
}

TEST(AddressRules, RefuseWhatIsNoServer) {
  check({"0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1"},
        "never");
}

TEST(AddressRules, WantPrivateOnesAllowed) {
  check({"127.0.0.1", "127.255.255.255", "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.0.1",
         "192.168.0.1", "100.64.0.1", "100.127.255.255", "198.18.0.1", "192.0.0.1", "240.0.0.1",
         "255.255.255.254", "::1", "fc00::1", "fd00:ec2::255", "fdff::1", "fec0::1"},
        "private");
}

TEST(AddressRules, LeaveTheInternetOpen) {
  check({"8.8.8.8", "1.0.0.1", "9.255.255.255", "11.0.0.0", "126.255.255.255", "128.0.0.1",
         "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
         "192.169.0.0", "100.63.255.255", "100.128.0.0", "223.255.255.255", "2001:db8::1",
         "2606:4700::1111"},
        "open");
}

TEST(AddressRules, TellWhatAHostLooksLike) {
  const auto check_host = [](const char* host, bool refused) {
    EXPECT_EQ(!refuse_host(host, PrivateAddresses::refused).empty(), refused) << host;
  };
  for (const char* host : {"127.0.0.1", "::1", "10.1.2.3", "localhost", "LocalHost.",
                           "db.localhost", "169.254.169.254"}) {
    check_host(host, true);
  }
  for (const char* host :
       {"api.example.com", "localhost.example.com", "notlocalhost", "8.8.8.8", "", "host", "."}) {
    check_host(host, false);
  }
  EXPECT_TRUE(refuse_host("localhost", PrivateAddresses::allowed).empty());
  EXPECT_FALSE(refuse_host("169.254.1.1", PrivateAddresses::allowed).empty());
}

}  // namespace
}  // namespace tallygate::config
