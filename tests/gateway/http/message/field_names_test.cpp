#include "gateway/http/message/field_names.h"

#include <gtest/gtest.h>

#include <string>

namespace tallygate::http {
namespace {

TEST(FieldNames, KnowsNamesOfEverySizeInAnyCase) {
  const auto check = [](std::string name, FieldName expected) {
    EXPECT_EQ(find_field_name(name), expected) << name;
    for (char& c : name) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 0x20 : c);
    EXPECT_EQ(find_field_name(name), expected) << name;
  };
  check("te", FieldName::te);
  check("host", FieldName::host);
  check("expect", FieldName::expect);
  check("upgrade", FieldName::upgrade);
  check("x-api-key", FieldName::x_api_key);
  check("connection", FieldName::connection);
  check("content-type", FieldName::content_type);
  check("content-length", FieldName::content_length);
  check("content-encoding", FieldName::content_encoding);
  check("transfer-encoding", FieldName::transfer_encoding);
  check("openai-organization", FieldName::openai_organization);
  check("strict-transport-security", FieldName::strict_transport_security);
  check("X-Forwarded-For", FieldName::forwarded);
  check("x-real-ip", FieldName::forwarded);
  check("x-goog-api-key", FieldName::cloud_credential);
  check("x-stainless-", FieldName::x_stainless);
  check("x-stainless-lang", FieldName::x_stainless);
  check("x-tallygate-" + std::string(100, 'a'), FieldName::x_tallygate);
}

TEST(FieldNames, IsNotFooledByOneOtherCharacter) {
  for (const std::string name :
       {"te", "host", "alt-svc", "x-api-key", "content-length", "content-encoding",
        "transfer-encoding", "x-upstream-request-id", "strict-transport-security"}) {
    for (std::size_t i = 0; i < name.size(); ++i) {
      std::string other = name;
      other[i] = '1';
      EXPECT_EQ(find_field_name(other), FieldName::other) << other;
      other[i] = static_cast<char>(name[i] ^ 0x40);
      EXPECT_EQ(find_field_name(other), FieldName::other) << other;
      EXPECT_EQ(find_field_name(name.substr(0, i)), FieldName::other) << name.substr(0, i);
    }
    EXPECT_EQ(find_field_name(name + "x"), FieldName::other) << name;
  }
  for (const char* name :
       {"", "t", "x-stainless", "x-tallygate", "y-stainless-a", "x_stainless-a"}) {
    EXPECT_EQ(find_field_name(name), FieldName::other) << name;
  }
}

}  // namespace
}  // namespace tallygate::http
