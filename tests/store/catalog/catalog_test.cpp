#include "store/catalog/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>
#include <thread>

#include "tests/store/catalog/catalog_kit.h"

namespace tallygate::store {
namespace {

using ::testing::HasSubstr;

class CatalogOf : public ::testing::Test {
 protected:
  void reopen() {
    catalog_.reset();
    catalog_ = open(path());
  }
  std::string path() const { return directory_ / "catalog"; }
  Catalog& catalog() { return *catalog_; }

  tallygate::testing::TemporaryDirectory directory_;
  std::unique_ptr<Catalog> catalog_ = open(path());
};

TEST_F(CatalogOf, KeepsADocumentWithItsRevisionAndTimes) {
  commit(catalog(), transaction({put("a", "one")}, 10));
  const auto written = commit(catalog(), transaction({put("a", "two")}, 20));
  EXPECT_EQ(written.at(0).revision, 2U);
  reopen();
  const auto found = catalog().find("thing", "a").value();
  EXPECT_EQ(found.kind, "thing");
  EXPECT_EQ(found.id, "a");
  EXPECT_EQ(found.revision, 2U);
  EXPECT_EQ(found.created, at_second(10));
  EXPECT_EQ(found.updated, at_second(20));
  EXPECT_EQ(found.body, "two");
  EXPECT_EQ(catalog().find("thing", "b").error().code, Errc::not_found);
  EXPECT_EQ(catalog().find("other", "a").error().code, Errc::not_found);
  EXPECT_EQ(catalog().find("thing", std::string(100'000, 'x')).error().code, Errc::not_found);
}

TEST_F(CatalogOf, WritesAllOfATransactionOrNothing) {
  commit(catalog(), transaction({put("a", "old"), put("owner", "{}", {}, {"u=1"})}));
  auto stale = put("b");
  stale.expected_revision = 4;
  for (const auto& bad : {stale, remove("nothing"), put("c", "{}", {}, {"u=1"})}) {
    refusal_of(catalog(), transaction({put("a", "new", {"k"}), put("n"), bad}));
  }
  EXPECT_EQ(ids_of(catalog().all("thing").value()), "a owner ");
  EXPECT_EQ(catalog().find("thing", "a")->body, "old");
  EXPECT_EQ(ids_of(catalog(), {.kind = "thing", .index_keys = {"k"}}), "");
  EXPECT_EQ(catalog().audit({}).value().size(), 2U);
}

TEST_F(CatalogOf, ChecksExpectedRevisions) {
  const auto expecting = [](DocumentWrite write, std::uint64_t revision) {
    write.expected_revision = revision;
    return transaction({std::move(write)});
  };
  EXPECT_EQ(refusal_of(catalog(), expecting(put("a"), 1)), Errc::precondition_failed);
  commit(catalog(), expecting(put("a"), 0));
  EXPECT_EQ(refusal_of(catalog(), expecting(put("a"), 0)), Errc::precondition_failed);
  commit(catalog(), expecting(put("a"), 1));
  EXPECT_EQ(refusal_of(catalog(), expecting(put("a"), 1)), Errc::precondition_failed);
  EXPECT_EQ(refusal_of(catalog(), expecting(remove("a"), 1)), Errc::precondition_failed);
  const auto removed = commit(catalog(), expecting(remove("a"), 2));
  EXPECT_EQ(removed.at(0).body, "");
  EXPECT_EQ(refusal_of(catalog(), transaction({remove("a")})), Errc::not_found);
}

TEST_F(CatalogOf, LetsOneDocumentHaveAUniqueKey) {
  commit(catalog(), transaction({put("a", "{}", {}, {"default=x"})}));
  const auto refused = catalog().transact(transaction({put("b", "{}", {}, {"default=x"})}));
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_EQ(refused.error().param, "default=x");
  EXPECT_THAT(refused.error().message, HasSubstr("thing 'a'"));
  auto other_kind = put("b", "{}", {}, {"default=x"});
  other_kind.kind = "other";
  commit(catalog(), transaction({other_kind}));
  // Itself, a swap in either order, and after a removal.
  commit(catalog(), transaction({put("a", "{}", {}, {"default=x"})}));
  commit(catalog(), transaction({put("b", "{}", {}, {"default=x"}), put("a")}));
  commit(catalog(), transaction({put("b"), put("a", "{}", {}, {"default=x"})}));
  commit(catalog(), transaction({remove("a")}));
  commit(catalog(), transaction({put("c", "{}", {}, {"default=x"})}));
  EXPECT_EQ(
      refusal_of(catalog(), transaction({put("d", "{}", {}, {"u"}), put("e", "{}", {}, {"u"})})),
      Errc::conflict);
}

TEST_F(CatalogOf, AppliesTwoWritesOfOneDocumentInOrder) {
  const auto written = commit(
      catalog(), transaction({put("a", "1", {"k=1"}, {"u=1"}), put("a", "2", {"k=2"}, {"u=2"})}));
  EXPECT_EQ(written.at(1).revision, 2U);
  EXPECT_EQ(ids_of(catalog(), {.kind = "thing", .index_keys = {"k=1"}}), "");
  EXPECT_EQ(ids_of(catalog(), {.kind = "thing", .index_keys = {"k=2"}}), "a ");
  commit(catalog(), transaction({put("b", "{}", {}, {"u=1"})}));
  EXPECT_EQ(catalog().audit({.kind = "thing", .id = "a"}).value().at(0).before, "1");
}

TEST_F(CatalogOf, ListsByAllIndexKeys) {
  commit(catalog(), transaction({put("1", "{}", {"type=x", "state=on"}), put("2", "{}", {"type=x"}),
                                 put("3", "{}", {"type=y", "state=on"}),
                                 put("4", "{}", {"state=on", "type=x"}),
                                 put("5", "{}", {"type=xx", "state=on"})}));
  const auto ids = [&](std::vector<std::string> keys, bool newest_first = true) {
    return ids_of(catalog(), {.kind = "thing", .index_keys = keys, .newest_first = newest_first});
  };
  EXPECT_EQ(ids({}), "5 4 3 2 1 ");
  EXPECT_EQ(ids({}, false), "1 2 3 4 5 ");
  EXPECT_EQ(ids({"type=x"}), "4 2 1 ");
  EXPECT_EQ(ids({"type=x", "state=on"}), "4 1 ");
  EXPECT_EQ(ids({"state=on", "type=x"}, false), "1 4 ");
  EXPECT_EQ(ids({"type=x", "type=y"}), "");
  EXPECT_EQ(ids({std::string(100'000, 'x')}), "");
  commit(catalog(), transaction({put("4", "{}", {"type=y"}), remove("1")}));
  EXPECT_EQ(ids({"type=x"}), "2 ");
  EXPECT_EQ(ids({"type=y"}), "4 3 ");
}

TEST_F(CatalogOf, PagesRightlyWhileDocumentsComeAndGo) {
  for (const char* id : {"1", "2", "3", "4", "5"}) {
    commit(catalog(), transaction({put(id, "{}", {"k"})}));
  }
  DocumentQuery query{.kind = "thing", .index_keys = {"k"}, .limit = 2};
  EXPECT_EQ(ids_of(catalog(), query), "5 4 ...");
  commit(catalog(), transaction({put("6", "{}", {"k"}), remove("4"), remove("3")}));
  query.after = "4";
  EXPECT_EQ(ids_of(catalog(), query), "2 1 ");
  query.after = "1";
  EXPECT_EQ(ids_of(catalog(), query), "");
  query.after = "";
  query.limit = 0;
  EXPECT_EQ(ids_of(catalog(), query), "...");
}

/// Random transactions against a plain map: lists by every pair of keys must be equal.
TEST_F(CatalogOf, ListsWhatAPlainMapWouldList) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 dice(seed);
  std::map<std::string, std::set<std::string>> model;
  for (int i = 0; i < 60; ++i) {
    const std::string id = std::to_string(dice() % 25);
    if (model.contains(id) && dice() % 4 == 0) {
      commit(catalog(), transaction({remove(id)}));
      model.erase(id);
      continue;
    }
    std::set<std::string> keys;
    for (const char* key : {"a", "b", "c"}) {
      if (dice() % 2 == 0) keys.insert(key);
    }
    commit(catalog(), transaction({put(id, "{}", {keys.begin(), keys.end()})}));
    model[id] = keys;
  }
  for (const std::string first : {"a", "b", "c"}) {
    for (const std::string second : {"a", "b", "c"}) {
      for (const bool newest_first : {true, false}) {
        std::vector<std::string> expected;
        for (const auto& [id, keys] : model) {
          if (keys.contains(first) && keys.contains(second)) expected.push_back(id);
        }
        if (newest_first) std::reverse(expected.begin(), expected.end());
        std::vector<std::string> listed;
        DocumentQuery query{.kind = "thing",
                            .index_keys = {first, second},
                            .limit = 1 + static_cast<std::uint32_t>(dice() % 4),
                            .newest_first = newest_first};
        for (bool has_more = true; has_more;) {
          const auto page = catalog().list(query).value();
          for (const auto& document : page.documents) listed.push_back(document.id);
          has_more = page.has_more;
          if (has_more) query.after = listed.back();
        }
        EXPECT_EQ(listed, expected) << first << " and " << second;
      }
    }
  }
}

TEST_F(CatalogOf, RefusesSizesThatNoKeyCanHave) {
  const std::string huge(2000, 'x');
  EXPECT_EQ(refusal_of(catalog(), transaction({put("")})), Errc::invalid_parameter);
  EXPECT_EQ(refusal_of(catalog(), transaction({put(huge)})), Errc::invalid_parameter);
  EXPECT_EQ(refusal_of(catalog(), transaction({put("a", "")})), Errc::invalid_parameter);
  EXPECT_EQ(refusal_of(catalog(), transaction({put("a", "{}", {huge})})), Errc::invalid_parameter);
  EXPECT_EQ(refusal_of(catalog(), transaction({put("a", "{}", {}, {huge})})),
            Errc::invalid_parameter);
  EXPECT_EQ(refusal_of(catalog(), transaction(std::vector<DocumentWrite>(2000, put("a")))),
            Errc::invalid_parameter);
  EXPECT_EQ(catalog().all("thing").value().size(), 0U);
}

TEST_F(CatalogOf, KeepsAnAuditTrail) {
  commit(catalog(), transaction({put("a", "1"), put("b", "1")}, 10));
  reopen();
  auto change = transaction({put("a", "2"), remove("b")}, 20);
  change.actor = "bob";
  change.action = "make-default";
  commit(catalog(), change);
  const auto everything = catalog().audit({}).value();
  ASSERT_EQ(everything.size(), 4U);
  EXPECT_EQ(everything[0].number, 4U);
  EXPECT_EQ(everything[0].id, "b");
  EXPECT_EQ(everything[0].before, "1");
  EXPECT_EQ(everything[0].after, "");
  EXPECT_EQ(everything[1].actor, "bob");
  EXPECT_EQ(everything[1].action, "make-default");
  EXPECT_EQ(everything[1].at, at_second(20));
  EXPECT_EQ(everything[1].before, "1");
  EXPECT_EQ(everything[1].after, "2");
  EXPECT_EQ(everything[3].before, "");
  const auto numbers = [&](const AuditQuery& query) {
    std::vector<std::uint64_t> found;
    for (const auto& entry : catalog().audit(query).value()) found.push_back(entry.number);
    return found;
  };
  using Numbers = std::vector<std::uint64_t>;
  EXPECT_EQ(numbers({.kind = "thing", .id = "a"}), (Numbers{3, 1}));
  EXPECT_EQ(numbers({.kind = "thing"}), (Numbers{4, 3, 2, 1}));
  EXPECT_EQ(numbers({.kind = "other"}), Numbers{});
  EXPECT_EQ(numbers({.before_number = 3, .limit = 1}), Numbers{2});
  EXPECT_EQ(numbers({.kind = "thing", .id = "a", .before_number = 3}), Numbers{1});
}

TEST_F(CatalogOf, TellsItsWatchersWhatWasWritten) {
  std::string seen;
  catalog().watch([&](const std::vector<Document>& documents) { seen += ids_of(documents); });
  catalog().watch([&](const std::vector<Document>&) { seen += "| "; });
  commit(catalog(), transaction({put("a"), put("b")}));
  refusal_of(catalog(), transaction({remove("c")}));
  EXPECT_EQ(seen, "a b | ");
}

TEST_F(CatalogOf, LetsAWatcherWrite) {
  int calls = 0;
  catalog().watch([&](const std::vector<Document>&) {
    if (++calls == 1) commit(catalog(), transaction({put("from the watcher")}));
  });
  commit(catalog(), transaction({put("a")}));
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(catalog().all("thing").value().size(), 2U);
}

TEST_F(CatalogOf, LetsThreadsRaceForAUniqueKeyAndOneWin) {
  std::atomic<int> won{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 10; ++n) {
        const auto id = std::to_string(i) + "-" + std::to_string(n);
        won += catalog()
                       .transact(transaction({put(id, "{}", {}, {"u=" + std::to_string(n)})}))
                       .has_value()
                   ? 1
                   : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(won, 10);
  EXPECT_EQ(catalog().all("thing").value().size(), 10U);
  EXPECT_EQ(catalog().audit({}).value().at(0).number, 10U);
}

TEST(CatalogAudit, ForgetsItsOldestEntriesAFewAtATime) {
  const testing::TemporaryDirectory directory;
  const auto catalog = open(directory / "catalog");
  for (int n = 1; n <= 9; ++n) {
    commit(*catalog, transaction({put(n % 2 == 0 ? "even" : "odd")}, 1000 + n));
  }
  EXPECT_EQ(catalog->purge_audit(at_second(1007), 4).value(), 4U);
  EXPECT_EQ(catalog->audit({}).value().back().number, 5U);
  EXPECT_EQ(catalog->purge_audit(at_second(1007), 4).value(), 2U);
  EXPECT_EQ(catalog->purge_audit(at_second(1007), 4).value(), 0U);
  EXPECT_EQ(catalog->audit({}).value().size(), 3U);
  EXPECT_EQ(catalog->audit({.kind = "thing"}).value().size(), 3U);
  EXPECT_EQ(catalog->audit({.kind = "thing", .id = "even"}).value().size(), 1U);
  commit(*catalog, transaction({put("odd")}));
  EXPECT_EQ(catalog->audit({}).value().front().number, 10U) << "numbers go on";
}

TEST(CatalogAudit, DoesNotKeepWhatIsToBeForgotten) {
  const testing::TemporaryDirectory directory;
  const auto catalog = open(directory / "catalog");
  commit(*catalog, transaction({put("a", "personal")}));
  auto forgetting = remove("a");
  forgetting.forget = true;
  commit(*catalog, transaction({forgetting}));
  const auto entry = catalog->audit({}).value().front();
  EXPECT_EQ(entry.id, "a");
  EXPECT_EQ(entry.before + entry.after, "");
}

}  // namespace
}  // namespace tallygate::store
