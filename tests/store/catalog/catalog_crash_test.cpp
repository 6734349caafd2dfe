// A child process is killed at random moments while it writes transactions of several documents;
// each must be there whole or not at all, and what it reported must be there.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "tests/store/catalog/catalog_kit.h"

namespace tallygate::store {
namespace {

constexpr int kRounds = 12;
constexpr std::uint64_t kWritesEach = 4;

/// Number `n` moves a unique key among three documents, adds one, and remembers an answer.
Transaction numbered(std::uint64_t n) {
  const std::string text = std::to_string(n);
  std::vector<DocumentWrite> writes{put("new " + text, text, {"new"})};
  for (std::uint64_t i = 0; i < 3; ++i) {
    writes.push_back(put("shared " + std::to_string(i), text, {"n=" + text}));
    if (n % 3 == i) writes.back().unique_keys = {"default"};
  }
  auto what = transaction(std::move(writes), static_cast<std::int64_t>(n));
  what.remember =
      RememberedAnswer{.key = text, .body = text, .at = at_second(static_cast<std::int64_t>(n))};
  return what;
}

[[noreturn]] void write_until_killed(const std::string& path, std::uint64_t last, int report) {
  const auto catalog = open_catalog(path);
  if (!catalog) _exit(2);
  for (std::uint64_t n = last + 1;; ++n) {
    if (!(*catalog)->transact(numbered(n))) _exit(3);
    if (write(report, &n, sizeof n) != sizeof n) _exit(4);
  }
}

/// The last number that the child reported; it is killed after `reports` of them, at a moment
/// within the next transaction.
std::uint64_t run_child(const std::string& path, std::uint64_t last, std::uint64_t reports) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    write_until_killed(path, last, ends[1]);
  }
  close(ends[1]);
  std::uint64_t value = 0;
  for (std::uint64_t i = 0; read(ends[0], &value, sizeof value) == sizeof value; ++i) {
    last = value;
    if (i == reports) kill(child, SIGKILL);
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
  return last;
}

/// Everything is as after transaction `n`, and nothing is of a later one.
void expect_exactly(const Catalog& catalog, std::uint64_t n) {
  const std::string text = std::to_string(n);
  for (int i = 0; i < 3; ++i) {
    const auto document = catalog.find("thing", "shared " + std::to_string(i));
    ASSERT_TRUE(document.has_value()) << document.error().message;
    EXPECT_EQ(document->body, text);
    EXPECT_EQ(document->revision, n);
  }
  EXPECT_EQ(ids_of(catalog, {.kind = "thing", .index_keys = {"n=" + text}}),
            "shared 2 shared 1 shared 0 ");
  EXPECT_EQ(ids_of(catalog, {.kind = "thing", .index_keys = {"n=" + std::to_string(n - 1)}}), "");
  EXPECT_EQ(catalog.all("thing")->size(), 3 + n);
  const auto now = at_second(static_cast<std::int64_t>(n));
  EXPECT_TRUE(catalog.recall(text, now)->has_value());
  EXPECT_FALSE(catalog.recall(std::to_string(n + 1), now)->has_value());
  const auto entries = catalog.audit({.limit = UINT32_MAX}).value();
  ASSERT_EQ(entries.size(), kWritesEach * n);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    ASSERT_EQ(entries[i].number, entries.size() - i);
    ASSERT_EQ(entries[i].after, std::to_string(n - i / kWritesEach));
  }
}

TEST(CatalogCrash, LeavesEachTransactionWholeOrNotAtAll) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer cannot follow the fork of a process that has threads; e2e.crash "
                  "kills a whole gate";
#endif
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 dice(seed);
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "catalog";
  std::uint64_t last = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t reported = run_child(path, last, dice() % 60);
    const auto catalog = open(path);
    ASSERT_NE(catalog, nullptr);
    last = std::stoull(catalog->find("thing", "shared 0").value().body);
    EXPECT_GE(last, reported);
    EXPECT_LE(last, reported + 1) << "at most the one in flight is more";
    expect_exactly(*catalog, last);
    auto thief = put("thief", "{}", {}, {"default"});
    EXPECT_EQ(refusal_of(*catalog, transaction({thief})), Errc::conflict);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace tallygate::store
