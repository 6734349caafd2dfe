#include "gateway/command/backup_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/store/catalog/catalog_kit.h"

namespace tallygate {
namespace {

using ::testing::HasSubstr;

class BackupCommands : public ::testing::Test {
 protected:
  void SetUp() override {
    auto catalog = store::open(store_ + "/catalog");
    store::commit(*catalog, store::transaction({store::put("a")}));
  }
  int run(std::vector<const char*> words) {
    words.insert(words.begin(), "tallygate");
    out_.clear();
    err_.clear();
    const auto into = [](std::string& text) {
      return [&text](std::string_view part) {
        text += part;
        return true;
      };
    };
    return run_command(static_cast<int>(words.size()), words.data(),
                       {into(out_), into(err_), WallTime{}, nullptr});
  }

  tallygate::testing::TemporaryDirectory directory_;
  const std::string store_ = directory_ / "data";
  const std::string folder_ = directory_ / "backups";
  const std::string new_store_ = directory_ / "new";
  std::string out_;
  std::string err_;
};

TEST_F(BackupCommands, SaveListAndBringBack) {
  EXPECT_EQ(run({"backup", "--path", store_.c_str(), "--to", folder_.c_str()}), kExitOk) << err_;
  EXPECT_THAT(out_, HasSubstr("backup 1, made 20"));
  EXPECT_EQ(run({"restore", "--from", folder_.c_str(), "--list"}), kExitOk) << err_;
  EXPECT_THAT(out_, HasSubstr("backup 1, made 20"));
  EXPECT_EQ(run({"restore", "--from", folder_.c_str(), "--path", new_store_.c_str()}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("restored backup 1"));
  EXPECT_TRUE(store::open(new_store_ + "/catalog")->find("thing", "a").has_value());
}

TEST_F(BackupCommands, ReplaceAStoreOnlyWhenForced) {
  run({"backup", "--path", store_.c_str(), "--to", folder_.c_str()});
  EXPECT_EQ(run({"restore", "--from", folder_.c_str(), "--path", store_.c_str()}), kExitFailed);
  EXPECT_THAT(err_, HasSubstr("--force"));
  EXPECT_EQ(run({"restore", "--from", folder_.c_str(), "--path", store_.c_str(), "--force"}),
            kExitOk);
  EXPECT_THAT(out_, HasSubstr(store_ + "/replaced-1"));
}

TEST_F(BackupCommands, SayWhatIsWrong) {
  const struct {
    std::vector<const char*> words;
    int code;
    const char* says;
  } cases[] = {
      {{"backup", "--to", "/x"}, kExitUsage, "--path"},
      {{"backup", "--path", "/nowhere/at/all", "--to", "/x"}, kExitFailed, "there is no store"},
      {{"backup", "--path", store_.c_str(), "--to", store_.c_str()}, kExitFailed, "elsewhere"},
      {{"restore", "--path", "/x"}, kExitUsage, "--from"},
      {{"restore", "--from", folder_.c_str()}, kExitUsage, "--path"},
      {{"restore", "--from", folder_.c_str(), "--list"}, kExitFailed, "there is no folder"},
      {{"restore", "--from", folder_.c_str(), "--path", "/nowhere"},
       kExitFailed,
       "no whole backup"},
      {{"restore", "--from", "/x", "--path", "/y", "--number", "0"}, kExitUsage, "--number"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(run(c.words), c.code) << c.says;
    EXPECT_THAT(err_, HasSubstr(c.says));
  }
}

TEST_F(BackupCommands, TellARunningGatesOperatorWhomToAsk) {
  const auto gate = store::open(store_ + "/catalog");
  EXPECT_EQ(run({"backup", "--path", store_.c_str(), "--to", folder_.c_str()}), kExitFailed);
  EXPECT_THAT(err_, HasSubstr("POST /api/backup"));
}

TEST_F(BackupCommands, TeachInTheirHelp) {
  EXPECT_EQ(run({"backup", "--help"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("curl -X POST"));
  EXPECT_EQ(run({"restore", "--help"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("replaced-1"));
}

}  // namespace
}  // namespace tallygate
