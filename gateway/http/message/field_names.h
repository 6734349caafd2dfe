#pragma once
// The header names that mean something to the gate, and a name's place among them: one lookup
// instead of a dozen comparisons for each field. Pure.

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace tallygate::http {

enum class FieldName : std::uint8_t {
  other,
  accept_encoding,
  alt_svc,
  anthropic_version,
  api_key,
  authorization,
  cloud_credential,  ///< x-goog-api-key, x-amz-security-token
  connection,
  content_encoding,
  content_length,
  content_type,
  cookie,
  date,
  expect,
  forwarded,  ///< Forwarded, X-Real-IP, any X-Forwarded-*
  host,
  keep_alive,
  openai_organization,
  openai_project,
  proxy_authenticate,
  proxy_authorization,
  proxy_connection,
  server,
  set_cookie,
  strict_transport_security,
  te,
  traceparent,
  tracestate,
  trailer,
  transfer_encoding,
  upgrade,
  x_api_key,
  x_request_id,
  x_stainless,  ///< any x-stainless-*
  x_tallygate,  ///< any x-tallygate-*
  x_upstream_request_id,
};

/// Case is ignored. Exact for tokens; a control character may pass for a hyphen.
FieldName find_field_name(std::string_view text);

class FieldNameSet {
 public:
  constexpr FieldNameSet(std::initializer_list<FieldName> names) {
    for (const FieldName name : names) bits_ |= bit(name);
  }
  constexpr bool contains(FieldName name) const { return (bits_ & bit(name)) != 0; }
  friend constexpr FieldNameSet operator|(FieldNameSet a, FieldNameSet b) {
    a.bits_ |= b.bits_;
    return a;
  }

 private:
  static constexpr std::uint64_t bit(FieldName name) {
    return std::uint64_t{1} << static_cast<unsigned>(name);
  }
  std::uint64_t bits_ = 0;
};

/// RFC 9110 section 7.6.1: never forwarded.
inline constexpr FieldNameSet kHopByHop = {FieldName::connection,
                                           FieldName::keep_alive,
                                           FieldName::proxy_authenticate,
                                           FieldName::proxy_authorization,
                                           FieldName::proxy_connection,
                                           FieldName::te,
                                           FieldName::trailer,
                                           FieldName::transfer_encoding,
                                           FieldName::upgrade};

}  // namespace tallygate::http
