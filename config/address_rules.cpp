#include "config/address_rules.h"

#include <algorithm>
#include <array>
#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>
#include <optional>

#include "config/yaml/scalars.h"

namespace tallygate::config {
namespace {

namespace urls = boost::urls;

using Bytes = std::span<const std::uint8_t>;

constexpr std::string_view kLinkLocal =
    "link-local and metadata addresses are not allowed, since clouds hand out credentials there";
constexpr std::string_view kNobody = "an unspecified, multicast or broadcast address is no server";
constexpr std::string_view kPrivate =
    "its address is private or loopback, which a target of the API must allow (allowPrivate: true)";

struct Range {
  std::uint32_t first;
  int bits;
};

bool is_in(std::uint32_t ip, Range range) { return (ip ^ range.first) >> (32 - range.bits) == 0; }

template <std::size_t N>
bool is_in(std::uint32_t ip, const std::array<Range, N>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [&](Range range) { return is_in(ip, range); });
}

// Beside 169.254.169.254: Alibaba's, Oracle's and Azure's.
constexpr std::array<Range, 4> kMetadata{
    {{0xA9FE0000, 16}, {0x646464C8, 32}, {0xC00000C0, 32}, {0xA83F8110, 32}}};
// 0/8 reaches this host on Linux.
constexpr std::array<Range, 3> kUnusable{{{0x00000000, 8}, {0xE0000000, 4}, {0xFFFFFFFF, 32}}};
constexpr std::array<Range, 8> kPrivateRanges{{{0x7F000000, 8},
                                               {0x0A000000, 8},
                                               {0xAC100000, 12},
                                               {0xC0A80000, 16},
                                               {0x64400000, 10},
                                               {0xC0000000, 24},
                                               {0xC6120000, 15},
                                               {0xF0000000, 4}}};

std::string_view refuse_v4(std::uint32_t ip, PrivateAddresses private_ones) {
  if (is_in(ip, kMetadata)) return kLinkLocal;
  if (is_in(ip, kUnusable)) return kNobody;
  if (private_ones == PrivateAddresses::refused && is_in(ip, kPrivateRanges)) return kPrivate;
  return {};
}

std::uint32_t four_bytes(Bytes bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 |
         std::uint32_t{bytes[at + 2]} << 8 | std::uint32_t{bytes[at + 3]};
}

bool are_zeros(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

/// The IPv4 address that packets to `bytes` end up at: ::ffff:0:0/96, ::/96, 64:ff9b::/96 (RFC
/// 6052) and 2002::/16 (RFC 3056). Not of :: and ::1.
std::optional<std::uint32_t> embedded_v4(Bytes bytes) {
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return four_bytes(bytes, 2);
  const bool nat64 = four_bytes(bytes, 0) == 0x0064FF9B && are_zeros(bytes.subspan(4, 8));
  const bool mapped = are_zeros(bytes.first(10)) && bytes[10] == 0xFF && bytes[11] == 0xFF;
  const bool compatible = are_zeros(bytes.first(12)) && four_bytes(bytes, 12) > 1;
  if (nat64 || mapped || compatible) return four_bytes(bytes, 12);
  return std::nullopt;
}

/// Or a name under it (RFC 6761).
bool is_localhost(std::string_view host) {
  constexpr std::string_view kName = "localhost";
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() < kName.size()) return false;
  const std::size_t before = host.size() - kName.size();
  return yaml::equals_ignoring_case(host.substr(before), kName) &&
         (before == 0 || host[before - 1] == '.');
}

}  // namespace

std::string_view refuse_address(std::span<const std::uint8_t, 4> address,
                                PrivateAddresses private_ones) {
  return refuse_v4(four_bytes(address, 0), private_ones);
}

std::string_view refuse_address(std::span<const std::uint8_t, 16> bytes,
                                PrivateAddresses private_ones) {
  if (const auto inner = embedded_v4(bytes)) return refuse_v4(*inner, private_ones);
  static const auto metadata = urls::ipv6_address("fd00:ec2::254").to_bytes();
  const bool is_link_local = bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80;
  if (is_link_local || std::equal(bytes.begin(), bytes.end(), metadata.begin())) return kLinkLocal;
  const bool is_multicast = bytes[0] == 0xFF;
  if (are_zeros(bytes) || is_multicast) return kNobody;
  const bool is_loopback = are_zeros(bytes.first(15)) && bytes[15] == 1;
  const bool is_unique_local = (bytes[0] & 0xFE) == 0xFC;
  const bool is_site_local = bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0xC0;
  const bool is_private = is_loopback || is_unique_local || is_site_local;
  if (private_ones == PrivateAddresses::refused && is_private) return kPrivate;
  return {};
}

std::string_view refuse_host(std::string_view host, PrivateAddresses private_ones) {
  if (const auto ipv4 = urls::parse_ipv4_address(host)) {
    return refuse_address(ipv4->to_bytes(), private_ones);
  }
  if (const auto ipv6 = urls::parse_ipv6_address(host)) {
    return refuse_address(ipv6->to_bytes(), private_ones);
  }
  return private_ones == PrivateAddresses::refused && is_localhost(host) ? kPrivate
                                                                         : std::string_view();
}

}  // namespace tallygate::config
