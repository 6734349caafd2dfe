#include "gateway/http/message/field_names.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <type_traits>

#include "gateway/http/message/head.h"

namespace tallygate::http {
namespace {

static_assert(std::endian::native == std::endian::little, "pack() and memcpy must agree");

/// Up to eight characters as a number; bit 0x20 makes letters lower case and leaves '-' as it is.
template <std::size_t kBytes>
constexpr std::uint64_t pack(const char* text) {
  constexpr std::uint64_t kLower = 0x2020202020202020ull >> (8 * (8 - kBytes));
  std::uint64_t word = 0;
  if (std::is_constant_evaluated()) {
    for (std::size_t i = kBytes; i > 0; --i) {
      word = word << 8 | static_cast<unsigned char>(text[i - 1]);
    }
  } else {
    std::memcpy(&word, text, kBytes);
  }
  return word | kLower;
}

/// First and last eight characters, or four, or two: with the size all of a name up to 16.
struct Key {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool operator==(const Key&) const = default;
};

constexpr Key key_of(std::string_view text) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  if (text.size() >= 8) return {pack<8>(begin), pack<8>(end - 8)};
  if (text.size() >= 4) return {pack<4>(begin), pack<4>(end - 4)};
  return {pack<2>(begin), pack<2>(end - 2)};
}

struct Row {
  std::string_view text;
  FieldName name;
  Key key{};
};

constexpr std::size_t kShortest = 2;
constexpr std::size_t kLongest = 25;

// By size.
constexpr auto kRows = [] {
  std::array rows{Row{"te", FieldName::te},
                  Row{"date", FieldName::date},
                  Row{"host", FieldName::host},
                  Row{"cookie", FieldName::cookie},
                  Row{"expect", FieldName::expect},
                  Row{"server", FieldName::server},
                  Row{"alt-svc", FieldName::alt_svc},
                  Row{"api-key", FieldName::api_key},
                  Row{"trailer", FieldName::trailer},
                  Row{"upgrade", FieldName::upgrade},
                  Row{"forwarded", FieldName::forwarded},
                  Row{"x-api-key", FieldName::x_api_key},
                  Row{"x-real-ip", FieldName::forwarded},
                  Row{"connection", FieldName::connection},
                  Row{"keep-alive", FieldName::keep_alive},
                  Row{"set-cookie", FieldName::set_cookie},
                  Row{"tracestate", FieldName::tracestate},
                  Row{"traceparent", FieldName::traceparent},
                  Row{"content-type", FieldName::content_type},
                  Row{"x-request-id", FieldName::x_request_id},
                  Row{"authorization", FieldName::authorization},
                  Row{"content-length", FieldName::content_length},
                  Row{"openai-project", FieldName::openai_project},
                  Row{"x-goog-api-key", FieldName::cloud_credential},
                  Row{"accept-encoding", FieldName::accept_encoding},
                  Row{"content-encoding", FieldName::content_encoding},
                  Row{"proxy-connection", FieldName::proxy_connection},
                  Row{"anthropic-version", FieldName::anthropic_version},
                  Row{"transfer-encoding", FieldName::transfer_encoding},
                  Row{"proxy-authenticate", FieldName::proxy_authenticate},
                  Row{"openai-organization", FieldName::openai_organization},
                  Row{"proxy-authorization", FieldName::proxy_authorization},
                  Row{"x-amz-security-token", FieldName::cloud_credential},
                  Row{"x-upstream-request-id", FieldName::x_upstream_request_id},
                  Row{"strict-transport-security", FieldName::strict_transport_security}};
  for (Row& row : rows) row.key = key_of(row.text);
  return rows;
}();

/// kFirst[n] = the first row of n characters or more.
constexpr auto kFirst = [] {
  std::array<std::uint8_t, kLongest + 2> first{};
  for (std::size_t size = 0; size < first.size(); ++size) {
    while (first[size] < kRows.size() && kRows[first[size]].text.size() < size) ++first[size];
  }
  return first;
}();

static_assert(std::is_sorted(kRows.begin(), kRows.end(), [](const Row& a, const Row& b) {
  return a.text.size() < b.text.size();
}));
static_assert(kRows.front().text.size() == kShortest && kRows.back().text.size() == kLongest);

FieldName find_prefix(std::string_view text) {
  constexpr std::size_t kPrefixBytes = 12;
  if (text.size() < kPrefixBytes || (text.front() | 0x20) != 'x') return FieldName::other;
  const Key key = key_of(text.substr(0, kPrefixBytes));
  if (key == key_of("x-stainless-")) return FieldName::x_stainless;
  if (key == key_of("x-forwarded-")) return FieldName::forwarded;
  return key == key_of("x-tallygate-") ? FieldName::x_tallygate : FieldName::other;
}

}  // namespace

FieldName find_field_name(std::string_view text) {
  if (text.size() < kShortest) return FieldName::other;
  if (text.size() <= kLongest && kFirst[text.size()] != kFirst[text.size() + 1]) {
    const Key key = key_of(text);
    for (std::size_t i = kFirst[text.size()]; i < kFirst[text.size() + 1]; ++i) {
      if (kRows[i].key != key) continue;
      if (text.size() <= 16 || equals_ignoring_case(text, kRows[i].text)) return kRows[i].name;
    }
  }
  return find_prefix(text);
}

}  // namespace tallygate::http
