#include "gateway/registry/model_version.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "gateway/registry/file_versions.h"
#include "gateway/registry/secret_reference.h"
#include "gateway/registry/version_catalog.h"
#include "tests/support/memory_catalog.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::registry {
namespace {

store::Document document_of(const std::string& body) {
  return {.kind = std::string(kModelVersionKind),
          .id = "id-1",
          .revision = 3,
          .created = WallTime{std::chrono::seconds{1}},
          .updated = WallTime{std::chrono::seconds{2}},
          .body = body};
}

TEST(ModelVersion, ComesBackFromTheCatalogAsItWas) {
  ModelVersion version;
  version.name = "n\"\n";
  version.version = "1.0.0";
  version.model_type = "m";
  version.description = "d";
  version.notes = "o";
  version.config_json = R"({"temperature":0.7})";
  version.active = false;
  version.is_default = true;
  version.targets.emplace_back().name = "east";
  VersionTarget& target = version.targets.emplace_back();
  target.url = "http://h/v1";
  target.model = "m";
  target.protocol = config::Protocol::anthropic;
  target.api_key_ref = "env:KEY";
  target.price = {0.15, 1e-9};
  const auto read = model_version_of(document_of(to_body(version)));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->id, "id-1");
  EXPECT_EQ(read->revision, 3u);
  EXPECT_EQ(read->created, WallTime{std::chrono::seconds{1}});
  EXPECT_EQ(read->updated, WallTime{std::chrono::seconds{2}});
  EXPECT_EQ(read->name, version.name);
  EXPECT_EQ(read->config_json, version.config_json);
  EXPECT_FALSE(read->active);
  EXPECT_EQ(read->targets[0].name, "east");
  EXPECT_EQ(read->targets[1].price, target.price);
  EXPECT_EQ(to_body(*read), to_body(version));
}

TEST(ModelVersion, SaysThatAStoredBodyIsCorrupt) {
  for (const char* body : {"", "{", "[]", "{}", R"({"name":1})"}) {
    const auto read = model_version_of(document_of(body));
    ASSERT_FALSE(read.has_value()) << body;
    EXPECT_EQ(read.error().code, Errc::storage_corrupt) << body;
  }
}

TEST(FileVersions, AreFoundByTheirIds) {
  config::Settings file;
  file.routes["a/b"].versions["1.0.0+x"] = {.targets = {"east"}, .is_default = true};
  file.routes["z"].versions["2.0.0"] = {.targets = {"east"}, .active = false};
  const auto all = file_versions(file);
  ASSERT_EQ(all.size(), 2u);
  for (const ModelVersion& version : all) {
    EXPECT_TRUE(is_file_version_id(version.id));
    const auto found = find_file_version(file, version.id);
    ASSERT_TRUE(found.has_value()) << version.id;
    EXPECT_EQ(found->version, version.version);
    EXPECT_EQ(found->origin, Origin::config);
  }
  EXPECT_EQ(all[0].id, "config:a/b@1.0.0+x");
  EXPECT_EQ(*file_default(file, "a/b"), "1.0.0+x");
  EXPECT_EQ(file_default(file, "z"), nullptr);
  for (const char* id : {"", "config:", "config:z", "config:z@", "config:z@1", "z@2.0.0"}) {
    EXPECT_FALSE(find_file_version(file, id).has_value()) << id;
  }
}

TEST(SecretReference, ResolvesOnlyReferences) {
  SecretSource source;
  source.env = [](const std::string& name) {
    return name == "EMPTY" ? std::optional<std::string>("")
           : name == "KEY" ? std::optional<std::string>("sk")
                           : std::nullopt;
  };
  source.file = [](const std::string& path) {
    return path == "/run/key"     ? std::optional<std::string>("sk-file\n")
           : path == "/run/split" ? std::optional<std::string>("sk\r\nX-Evil: 1")
                                  : std::nullopt;
  };
  const auto check = [&](const std::string& reference, std::string_view value) {
    const auto secret = resolve_secret(reference, source);
    ASSERT_TRUE(secret.has_value()) << reference;
    EXPECT_EQ(secret->value, value);
  };
  check("", "");
  check("env:KEY", "sk");
  check("file:/run/key", "sk-file");
  for (const char* wrong : {"sk-literal", "env:", "env:NONE", "env:EMPTY", "env:KEY:-sk-literal",
                            "file:", "file:run/key", "file:/none", "file:/run/split",
                            "env:KEY}sk-literal", "ENV:KEY"}) {
    const auto secret = resolve_secret(wrong, source);
    ASSERT_FALSE(secret.has_value()) << wrong;
    EXPECT_EQ(secret.error().code, Errc::rule_broken) << wrong;
    EXPECT_EQ(secret.error().message.find("sk-literal"), std::string::npos);
  }
}

TEST(DefaultHistory, ForgetsTheOldest) {
  tallygate::testing::MemoryCatalog catalog;
  DefaultHistory history{.model_type = "m", .defaults = {}, .revision = 0};
  for (int i = 0; i < 150; ++i) history.defaults.push_back({"id-" + std::to_string(i), "1.0.0"});
  ASSERT_TRUE(catalog.transact({.writes = {write_of(history)},
                                .actor = "t",
                                .action = "t",
                                .now = {},
                                .remember = std::nullopt}));
  const auto read = default_history(catalog, "m");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->defaults.size(), kMaxPastDefaults);
  EXPECT_EQ(read->defaults.front().id, "id-50");
  EXPECT_EQ(read->revision, 1u);
  EXPECT_TRUE(default_history(catalog, "other")->defaults.empty());
}

TEST(SecretReference, MayBeUsedWhereTheFileUsesItOrAllowsIt) {
  config::Settings file;
  file.targets["cloud"].url = "https://api.example.com/v1";
  file.targets["cloud"].api_key = {"sk", "env:CLOUD_KEY"};
  file.targets["silent"].url = "https://silent.example.com/v1";
  file.listeners.admin.token = {"token", "env:ADMIN_TOKEN"};
  const testing::TemporaryDirectory root;
  const std::string secrets = root / "secrets";
  namespace fs = std::filesystem;
  fs::create_directories(secrets + "/..data");
  fs::create_directories(root / "secrets-of-others");
  const auto write = [](const std::string& path) { std::ofstream(path) << "sk"; };
  write(secrets + "/..data/provider-a");
  write(secrets + "/provider-plain");
  write(secrets + "/other");
  write(root / "secrets-of-others/b");
  fs::create_symlink("..data/provider-a", secrets + "/provider-a");
  fs::create_symlink("../secrets-of-others/b", secrets + "/provider-b");
  fs::create_symlink("/etc/passwd", secrets + "/provider-c");
  fs::create_directory_symlink(secrets, root / "link");
  file.secrets.allow = {"env:PROVIDER_*", "env:HOOK", "file:" + secrets + "/provider-*",
                        "file:" + root / "link" + "/*", "file:/one/link"};
  const auto check = [&](const std::string& reference, const std::string& url, bool expected) {
    const auto may = check_secret_allowed(reference, url, file);
    EXPECT_EQ(may.has_value(), expected) << reference << " at " << url;
    EXPECT_EQ(may ? Errc::rule_broken : may.error().code, Errc::rule_broken);
  };
  const std::string mine = "https://mine.example.net/v1";
  check("", mine, true);
  check("env:CLOUD_KEY", "https://api.example.com/v2", true);
  check("env:CLOUD_KEY", "https://API.example.com:443/", true);
  for (const char* elsewhere :
       {"https://mine.example.net/v1", "http://api.example.com/v1", "https://api.example.com:444/",
        "https://api.example.com.evil.net/", "https://silent.example.com/v1", "no url"}) {
    check("env:CLOUD_KEY", elsewhere, false);
  }
  for (const std::string& never :
       {std::string("env:DATABASE_PASSWORD"), std::string("env:ADMIN_TOKEN"),
        std::string("env:PROVIDER_"), std::string("file:/etc/passwd"), "file:" + secrets + "/other",
        "file:" + secrets + "/provider-a/x", "file:" + secrets + "/provider-/../other",
        "file:" + secrets + "/../secrets-of-others/b", "file:" + secrets + "/provider-b",
        "file:" + secrets + "/provider-c", "file:" + secrets + "/provider-none",
        "file:" + root / "link" + "/provider-b", std::string("env:CLOUD_KEY}"),
        std::string("sk-literal")}) {
    check(never, mine, false);
    check(never, "https://api.example.com/v1", false);
  }
  check("env:PROVIDER_X", mine, true);
  check("env:HOOK", mine, true);
  check("file:" + secrets + "/provider-a", mine, true);
  check("file:" + secrets + "/provider-plain", mine, true);
  check("file:" + root / "link" + "/other", mine, true);
  check("file:/one/link", mine, true);
  const auto told = check_secret_allowed("env:DATABASE_PASSWORD", mine, file);
  EXPECT_NE(told.error().message.find("add env:DATABASE_PASSWORD to secrets.allow"),
            std::string::npos);
  const auto literal = check_secret_allowed("sk-literal", mine, file);
  EXPECT_EQ(literal.error().message.find("sk-literal"), std::string::npos);
}

}  // namespace
}  // namespace tallygate::registry
