#include "store/catalog/catalog_rules.h"

#include <gtest/gtest.h>

namespace tallygate::store {
namespace {

constexpr WallTime kNow{std::chrono::seconds{50}};
constexpr WallTime kBefore{std::chrono::seconds{10}};

struct Case {
  const char* name;
  std::uint64_t current;  ///< revision; 0 = is not there
  bool deletes;
  std::optional<std::uint64_t> expected;
  std::string result;  ///< the code of the refusal, "deleted", or the new revision
};

std::string result_of(const Case& c) {
  std::optional<StoredDocument> current;
  if (c.current != 0) {
    current = StoredDocument{.revision = c.current, .created = kBefore, .updated = kBefore};
  }
  DocumentWrite write{.kind = "thing", .id = "a", .expected_revision = c.expected};
  if (!c.deletes) write.body = "{}";
  const auto after = apply_write(current, write, kNow);
  if (!after) return std::string(traits_of(after.error().code).code);
  if (!*after) return "deleted";
  EXPECT_EQ((**after).created, c.current == 0 ? kNow : kBefore);
  EXPECT_EQ((**after).updated, kNow);
  return std::to_string((**after).revision);
}

TEST(CatalogRules, FollowTheirTable) {
  const std::string stale(traits_of(Errc::precondition_failed).code);
  const std::string missing(traits_of(Errc::not_found).code);
  const Case cases[] = {
      {"created", 0, false, {}, "1"},
      {"created, expected to be new", 0, false, 0, "1"},
      {"replaced", 3, false, {}, "4"},
      {"replaced at its revision", 3, false, 3, "4"},
      {"deleted", 3, true, {}, "deleted"},
      {"deleted at its revision", 3, true, 3, "deleted"},
      {"there, expected to be new", 3, false, 0, stale},
      {"at a later revision", 3, false, 2, stale},
      {"at an earlier revision", 3, false, 4, stale},
      {"not there, expected to be", 0, false, 1, stale},
      {"deleted at another revision", 3, true, 2, stale},
      {"deleted twice", 0, true, {}, missing},
      {"deleted twice with a revision", 0, true, 3, missing},
  };
  for (const Case& c : cases) EXPECT_EQ(result_of(c), c.result) << c.name;
}

TEST(CatalogRules, SayWhatWouldBeRight) {
  const auto refused =
      apply_write(StoredDocument{.revision = 7},
                  {.kind = "ab_test", .id = "x", .body = "{}", .expected_revision = 5}, kNow);
  EXPECT_EQ(refused.error().message,
            "ab_test 'x' is at revision 7, but the write expects revision 5; read it again and "
            "decide anew");
}

}  // namespace
}  // namespace tallygate::store
