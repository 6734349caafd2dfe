#include "store/quarantine.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/store/catalog/catalog_kit.h"

namespace tallygate::store {
namespace {

namespace fs = std::filesystem;

TEST(Quarantine, MovesADatabaseAsideAndRemovesNothing) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "catalog";
  for (const std::string expected : {".corrupt-NOW", ".corrupt-NOW-2", ".corrupt-NOW-3"}) {
    commit(*open(path), transaction({put("a")}));
    const auto aside = quarantine(path, "NOW");
    ASSERT_TRUE(aside.has_value()) << aside.error().message;
    EXPECT_EQ(*aside, path + expected);
    EXPECT_FALSE(fs::exists(path));
    EXPECT_TRUE(open(*aside)->find("thing", "a").has_value());
  }
}

TEST(Quarantine, LeavesADatabaseThatIsOpen) {
  const testing::TemporaryDirectory directory;
  const auto catalog = open(directory / "catalog");
  EXPECT_EQ(quarantine(directory / "catalog", "NOW").error().code, Errc::storage_unavailable);
  EXPECT_TRUE(fs::exists(directory / "catalog"));
}

}  // namespace
}  // namespace tallygate::store
