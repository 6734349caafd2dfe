#include "gateway/api/operation/backup.h"

#include <gmock/gmock.h>

#include "tests/gateway/api/admin_kit.h"

namespace tallygate::api {
namespace {

using ::testing::HasSubstr;

struct BackupKit : AdminKit {
  BackupKit() {
    settings.store.path = "/var/lib/tallygate";
    context.backup = [this](const std::string& folder) -> Result<store::Backup> {
      folders.push_back(folder);
      if (refusal) return *refusal;
      return store::Backup{.number = 3, .made = context.now, .bytes = 4096};
    };
  }
  AdminResponse back_up(std::string_view body) {
    return answer_backup({head_of(http::Method::post, "/api/backup"), body, "req-1"}, {}, context);
  }

  std::vector<std::string> folders;
  std::optional<Error> refusal;
};

TEST(BackupApi, AnswersWithTheBackup) {
  BackupKit kit;
  const auto response = kit.back_up(R"({"folder": "/backups/a"})");
  EXPECT_EQ(response.status, 201U);
  EXPECT_EQ(boost::json::serialize(json_of(response)),
            R"({"number":3,"folder":"/backups/a","made_at":"2026-11-21T08:00:00.000000Z",)"
            R"("bytes":4096})");
  EXPECT_EQ(kit.folders, std::vector<std::string>{"/backups/a"});
}

TEST(BackupApi, TakesAnAbsoluteFolderOutsideOfTheStoreOnly) {
  BackupKit kit;
  for (const char* body :
       {"", "{", "{}", R"({"folder": ""})", R"({"folder": 7})", R"({"folder": "backups"})",
        R"({"folder": "../x"})", R"({"folder": "/a\u0000b"})", R"({"folder": "/x", "more": 1})",
        R"({"folder": "/var/lib/tallygate"})", R"({"folder": "/var/lib/tallygate/journal"})",
        R"({"folder": "/var/lib/x/../tallygate/b"})"}) {
    EXPECT_EQ(kit.back_up(body).status, 400U) << body;
  }
  EXPECT_EQ(kit.back_up("{\"folder\": \"/" + std::string(5000, 'x') + "\"}").status, 400U);
  EXPECT_TRUE(kit.folders.empty());
}

TEST(BackupApi, PassesOnWhyItFailed) {
  BackupKit kit;
  kit.refusal = make_error(Errc::storage_unavailable, "another backup into '/b' is under way");
  const auto response = kit.back_up(R"({"folder": "/b"})");
  EXPECT_EQ(response.status, traits_of(Errc::storage_unavailable).status);
  EXPECT_THAT(response.body, HasSubstr("under way"));
}

}  // namespace
}  // namespace tallygate::api
