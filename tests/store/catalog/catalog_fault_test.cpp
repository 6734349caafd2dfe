// What a catalog does when its disk refuses, is cut short, damaged or forbidden.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/store/catalog/catalog_kit.h"
#include "tests/support/failing_env.h"

namespace tallygate::store {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

Transaction both(int n) {
  const std::string text = std::to_string(n);
  return transaction({put("a", text, {"n=" + text}), put("b", text, {"n=" + text})});
}

/// The number of the last transaction, which is whole; 0 = none.
int number_of(const Catalog& catalog) {
  const auto a = catalog.find("thing", "a");
  const auto b = catalog.find("thing", "b");
  EXPECT_EQ(a.has_value(), b.has_value());
  if (!a || !b) return 0;
  EXPECT_EQ(a->body, b->body);
  EXPECT_EQ(a->revision, b->revision);
  EXPECT_EQ(ids_of(catalog, {.kind = "thing", .index_keys = {"n=" + a->body}}), "b a ");
  EXPECT_EQ(catalog.audit({.limit = 1000}).value().size(), 2 * a->revision);
  return std::stoi(a->body);
}

TEST(CatalogFault, IsWholeWhicheverAppendIsTheOneThatFails) {
  int failures = 0;
  for (int nth = 0; nth <= 7; ++nth) {
    SCOPED_TRACE("append " + std::to_string(nth));
    const testing::TemporaryDirectory directory;
    const std::string path = directory / "catalog";
    testing::FailingEnv failing;
    auto catalog = open_embedded_catalog({.path = path, .env = failing.env.get()}).value();
    failing.fault.appends_left = nth;
    for (int n = 1; n <= 8; ++n) {
      const auto written = catalog->transact(both(n));
      if (written) {
        EXPECT_EQ(number_of(*catalog), n);
        continue;
      }
      ++failures;
      EXPECT_EQ(written.error().code, Errc::storage_unavailable);
      const int seen = number_of(*catalog);  // it can still be read
      EXPECT_TRUE(seen == n - 1 || seen == n) << seen;
      failing.fault.appends_left = INT64_MAX;
      failing.fault.full = false;
    }
    commit(*catalog, both(9));
    EXPECT_EQ(number_of(*catalog), 9);
    catalog.reset();
    EXPECT_EQ(number_of(*open(path)), 9);
  }
  EXPECT_EQ(failures, 8);
}

TEST(CatalogFault, LosesNothingWhicheverAppendFailsWhileItOpens) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "catalog";
  int failures = 0;
  bool opened = false;
  for (int nth = 1; !opened && nth < 200; nth += 3) {
    SCOPED_TRACE("append " + std::to_string(nth));
    {
      const auto catalog = open(path);
      commit(*catalog, both(nth));  // so that there is a log to replay
    }
    testing::FailingEnv failing;
    failing.fault.appends_left = nth;
    const auto catalog = open_embedded_catalog({.path = path, .env = failing.env.get()});
    opened = catalog.has_value();
    if (opened) continue;
    ++failures;
    EXPECT_EQ(catalog.error().code, Errc::storage_unavailable) << catalog.error().message;
    EXPECT_EQ(number_of(*open(path)), nth);
  }
  EXPECT_TRUE(opened);
  EXPECT_GT(failures, 5);
}

TEST(CatalogFault, IsReadWhileItsDiskIsFullAndWritesAgainWhenThereIsSpace) {
  const testing::TemporaryDirectory directory;
  testing::FailingEnv failing;
  auto catalog =
      open_embedded_catalog({.path = directory / "catalog", .env = failing.env.get()}).value();
  commit(*catalog, both(1));
  failing.fault.full = true;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(refusal_of(*catalog, both(2)), Errc::storage_unavailable);
    EXPECT_EQ(number_of(*catalog), 1);
  }
  failing.fault.full = false;
  commit(*catalog, both(3));
  EXPECT_EQ(number_of(*catalog), 3);
}

TEST(CatalogFault, TellsWhatTroublesItUntilItCanBeWrittenAgain) {
  const testing::TemporaryDirectory directory;
  testing::FailingEnv failing;
  auto catalog =
      open_embedded_catalog({.path = directory / "catalog", .env = failing.env.get()}).value();
  EXPECT_EQ(catalog->status().trouble, StoreTrouble::none);
  failing.fault.full = true;
  EXPECT_EQ(refusal_of(*catalog, both(1)), Errc::storage_unavailable);
  EXPECT_EQ(catalog->status().trouble, StoreTrouble::full);
  EXPECT_FALSE(catalog->status().last_error.empty());
  failing.fault.full = false;
  failing.fault.read_only = true;
  EXPECT_EQ(refusal_of(*catalog, both(1)), Errc::storage_unavailable);
  EXPECT_EQ(catalog->status().trouble, StoreTrouble::refused);
  failing.fault.read_only = false;
  commit(*catalog, both(1));
  EXPECT_EQ(catalog->status().trouble, StoreTrouble::none);
  EXPECT_GT(catalog->status().reopened, 0U);
  EXPECT_EQ(catalog->status().write_errors, 2U);
}

TEST(CatalogFault, AnswersNoWriteThatWouldGoToAFolderThatIsGone) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "catalog";
  auto catalog = open(path);
  commit(*catalog, both(1));
  fs::rename(path, directory / "elsewhere");
  EXPECT_EQ(refusal_of(*catalog, both(2)), Errc::storage_unavailable);
  EXPECT_EQ(catalog->status().trouble, StoreTrouble::gone);
  EXPECT_EQ(number_of(*catalog), 1) << "it can still be read";
  EXPECT_FALSE(fs::exists(path)) << "no new one in its place";
  fs::rename(directory / "elsewhere", path);
  commit(*catalog, both(3));
  EXPECT_EQ(catalog->status().trouble, StoreTrouble::none);
  EXPECT_EQ(number_of(*catalog), 3);
}

TEST(CatalogFault, RefusesWritesOfADatabaseThatWasDamagedWhileItWasOpen) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "catalog";
  testing::FailingEnv failing;
  auto catalog = open_embedded_catalog({.path = path, .env = failing.env.get()}).value();
  commit(*catalog, both(1));
  std::ofstream(path + "/CURRENT") << "nonsense";
  failing.fault.full = true;
  EXPECT_EQ(refusal_of(*catalog, both(2)), Errc::storage_unavailable);
  failing.fault.full = false;
  EXPECT_EQ(refusal_of(*catalog, both(2)), Errc::storage_unavailable);
  EXPECT_EQ(catalog->status().trouble, StoreTrouble::corrupt);
}

class DamagedCatalog : public ::testing::Test {
 protected:
  void SetUp() override {
    auto catalog = open(path_);
    for (int n = 1; n <= 5; ++n) commit(*catalog, both(n));
  }
  fs::path log_of(const std::string& path) const {
    fs::path found;
    for (const auto& entry : fs::directory_iterator(path)) {
      if (entry.path().extension() == ".log" && entry.file_size() > 0) found = entry.path();
    }
    EXPECT_FALSE(found.empty());
    return found;
  }
  static void overwrite(const fs::path& file, std::uintmax_t at, std::string_view bytes) {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(static_cast<std::streamoff>(at));
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  tallygate::testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "catalog";
};

TEST_F(DamagedCatalog, KeepsWhatIsWholeBeforeATornTail) {
  const auto bytes = fs::file_size(log_of(path_));
  int before = 5;
  for (std::uintmax_t cut = 0; cut < bytes; cut += 97) {
    SCOPED_TRACE("cut off: " + std::to_string(cut));
    const std::string copy = directory_ / "copy";
    fs::remove_all(copy);
    fs::copy(path_, copy, fs::copy_options::recursive);
    fs::resize_file(log_of(copy), bytes - cut);
    const auto catalog = open(copy);
    ASSERT_NE(catalog, nullptr);
    const int number = number_of(*catalog);
    EXPECT_LE(number, before);
    before = number;
  }
  EXPECT_EQ(before, 0);
}

TEST_F(DamagedCatalog, SaysThatItIsDamagedRatherThanForgetWhatItAnswered) {
  overwrite(log_of(path_), fs::file_size(log_of(path_)) / 2, "damage");
  const auto opened = open_catalog(path_);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, Errc::storage_corrupt);
  EXPECT_THAT(opened.error().message, HasSubstr("catalog '" + path_));
  EXPECT_THAT(opened.error().message, HasSubstr("--quarantine-corrupt"));
}

TEST_F(DamagedCatalog, SaysThatAFileIsMissing) {
  fs::remove(path_ + "/CURRENT");
  EXPECT_EQ(open_catalog(path_).error().code, Errc::storage_corrupt);
}

TEST_F(DamagedCatalog, SaysThatItIsOpenElsewhere) {
  const auto first = open(path_);
  const auto second = open_catalog(path_);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Errc::storage_unavailable);
  EXPECT_THAT(second.error().message, HasSubstr("another tallygate has it open"));
}

/// In a child that is not root, for root may write everywhere.
TEST_F(DamagedCatalog, SaysThatAFolderIsReadOnly) {
  fs::permissions(directory_.path(), fs::perms(0755));
  fs::permissions(path_, fs::perms(0555));
  const pid_t child = fork();
  if (child == 0) {
    if (getuid() == 0 && setuid(65534) != 0) _exit(2);
    const auto opened = open_catalog(path_);
    const bool is_clear = !opened && opened.error().code == Errc::storage_unavailable &&
                          opened.error().message.find("must be writable") != std::string::npos;
    _exit(is_clear ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  fs::permissions(path_, fs::perms(0755));
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace tallygate::store
