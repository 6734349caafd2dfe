#include "gateway/command/journal_command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/store/journal/journal_kit.h"

namespace tallygate {
namespace {

using std::chrono::hours;

constexpr WallTime kNow{std::chrono::hours{24 * 365 * 56}};

/// A store with three records: three, two and one hours old, the last on another route. Open.
class JournalOfThree : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
    store::JournalOptions options;
    options.path = path_ + "/journal";
    options.retention = hours{24 * 365 * 100};
    auto opened = store::Journal::open(options, names_);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    journal_ = std::move(*opened);
    store::Writer(*journal_).commit(
        {record_at(3, "assistant"), record_at(2, "assistant"), record_at(1, "=summary")});
  }
  void TearDown() override {
    journal_.reset();
    std::filesystem::remove_all(path_);
  }

  router::Record record_at(int age, std::string_view route) {
    router::Record record;
    record.started = kNow - hours{age};
    record.id = make_uuid_v7(record.started, 1, static_cast<std::uint64_t>(age));
    record.route = names_.intern(route);
    record.tags = "age=" + std::to_string(age);
    return record;
  }

  /// The exit code; what was printed is in out_.
  int print(JournalCommand command) {
    command.path = path_;
    out_.clear();
    err_.clear();
    return print_journal(command, {[this](std::string_view text) {
                                     out_ += text;
                                     return true;
                                   },
                                   [this](std::string_view text) {
                                     err_ += text;
                                     return true;
                                   },
                                   kNow, nullptr});
  }

  /// The ages of the records that were printed, in order: "3 2 1".
  std::string ages() const {
    std::string found;
    for (std::size_t at = 0; (at = out_.find("age=", at)) != std::string::npos; at += 4) {
      found.append(found.empty() ? "" : " ").append(1, out_[at + 4]);
    }
    return found;
  }

  std::string path_ = testing::TempDir() + "journal_command_" +
                      testing::UnitTest::GetInstance()->current_test_info()->name();
  store::Names names_;
  std::unique_ptr<store::Journal> journal_;
  std::string out_;
  std::string err_;
};

TEST_F(JournalOfThree, IsPrintedOldestFirstWhileItIsOpen) {
  ASSERT_EQ(print({}), kExitOk) << err_;
  EXPECT_EQ(ages(), "3 2 1");
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 3);
  EXPECT_TRUE(out_.starts_with("{\"request_id\":\"")) << out_;
  EXPECT_TRUE(out_.ends_with("}\n"));
}

TEST_F(JournalOfThree, IsFiltered) {
  const auto check = [&](const JournalCommand& command, const std::string& expected) {
    ASSERT_EQ(print(command), kExitOk) << err_;
    EXPECT_EQ(ages(), expected);
  };
  check({.path = {}, .since = "2h", .until = {}, .route = {}}, "2 1");
  check({.path = {}, .since = "150m", .until = "90m", .route = {}}, "2");
  check({.path = {}, .since = {}, .until = {}, .route = "assistant"}, "3 2");
  check({.path = {}, .since = {}, .until = {}, .route = "unknown"}, "");
  check({.path = {}, .since = {}, .until = {}, .route = {}, .limit = 2}, "3 2");
}

TEST_F(JournalOfThree, IsPrintedAsCsv) {
  JournalCommand command;
  command.format = RecordFormat::csv;
  ASSERT_EQ(print(command), kExitOk) << err_;
  EXPECT_TRUE(out_.starts_with("request_id,started,route,")) << out_;
  EXPECT_EQ(ages(), "3 2 1");
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 4);
  EXPECT_NE(out_.find(",'=summary,"), std::string::npos) << out_;
}

TEST_F(JournalOfThree, StopsQuietlyWhenItsReaderLeaves) {
  int writes = 0;
  JournalCommand command;
  command.path = path_;
  const Console console{[&](std::string_view) { return ++writes < 1; },
                        [&](std::string_view text) { return err_.append(text).empty(); }, kNow,
                        nullptr};
  EXPECT_EQ(print_journal(command, console), kExitOk);
  EXPECT_EQ(writes, 1);
  EXPECT_EQ(err_, "");
}

TEST_F(JournalOfThree, RefusesABoundThatIsNoTime) {
  JournalCommand command;
  command.until = "tomorrow";
  EXPECT_EQ(print(command), kExitUsage);
  EXPECT_NE(err_.find("--until 'tomorrow' is no point in time"), std::string::npos) << err_;
  EXPECT_EQ(out_, "");
}

}  // namespace
}  // namespace tallygate
