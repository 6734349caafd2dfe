#include "gateway/registry/client_key.h"

#include <gtest/gtest.h>

namespace tallygate::registry {
namespace {

ClientKey full_key() {
  ClientKey key;
  key.id = "0190b0a0-0000-7000-8000-000000000001";
  key.name = "checkout";
  key.role = KeyRole::application;
  key.routes = {"assistant", "auto"};
  key.requests_per_minute = 60;
  key.tokens_per_minute = 1'000'000'000;
  key.concurrency = 4;
  key.expires = WallTime{std::chrono::seconds{2'000'000'000}};
  key.secret.hash.fill(0xA5);
  key.secret.pepper_id = "01234567";
  key.secret.last_four = "wxyz";
  key.previous = KeySecret{{1, 2, 3}, "01234567", "abcd"};
  key.previous_until = WallTime{std::chrono::seconds{1'900'000'000}};
  return key;
}

store::Document document_of(const ClientKey& key) {
  store::Document document;
  document.kind = kClientKeyKind;
  document.id = key.id;
  document.revision = 7;
  document.body = to_body(key);
  return document;
}

TEST(ClientKey, IsReadAsItWasWritten) {
  for (ClientKey key : {full_key(), ClientKey{}}) {
    const auto read = client_key_of(document_of(key));
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(to_body(*read), to_body(key));
    EXPECT_EQ(read->revision, 7U);
    EXPECT_EQ(read->secret.hash, key.secret.hash);
    EXPECT_EQ(read->expires, key.expires);
    EXPECT_EQ(read->previous.has_value(), key.previous.has_value());
  }
}

TEST(ClientKey, ThatIsBrokenIsCorrupt) {
  store::Document document = document_of(full_key());
  const std::string sound = document.body;
  const auto check = [&](std::string_view word, std::string_view instead) {
    document.body = sound;
    document.body.replace(document.body.find(word), word.size(), instead);
    const auto read = client_key_of(document);
    ASSERT_TRUE(read.has_error()) << instead;
    EXPECT_EQ(read.error().code, Errc::storage_corrupt);
  };
  check("a5a5", "a5");
  check("a5a5", "a5aX");
  check("application", "root");
  check("\"routes\"", "\"paths\"");
}

TEST(ClientKey, ShowsNoHash) {
  const std::string shown = body_without_secrets(to_body(full_key()));
  EXPECT_EQ(shown.find("a5a5"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("0102"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("01234567"), std::string::npos) << shown;
  EXPECT_NE(shown.find("wxyz"), std::string::npos) << shown;
  EXPECT_NE(shown.find("checkout"), std::string::npos) << shown;
  EXPECT_EQ(body_without_secrets("not json"), "{}");
}

TEST(ClientKey, HasItsNameForItself) {
  const store::DocumentWrite write = write_of(full_key());
  EXPECT_EQ(write.unique_keys, std::vector<std::string>{"name=checkout"});
  EXPECT_EQ(write.expected_revision, 0U);
}

}  // namespace
}  // namespace tallygate::registry
