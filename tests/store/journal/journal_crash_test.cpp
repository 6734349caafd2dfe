// A child process is killed at random moments while it writes; what it reported as committed must
// be in the journal exactly once, and the tallies must equal a recount.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <set>

#include "store/journal/journal.h"
#include "tests/store/journal/journal_kit.h"
#include "tests/support/records.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::store {
namespace {

using testing::small_record;

constexpr int kRounds = 12;
constexpr std::uint64_t kPerRound = 1'000'000;

router::Record record_of(std::uint64_t n, Names& names) {
  auto record = small_record(n);
  record.response_id = "r" + std::to_string(n);
  record.route = names.intern("route " + std::to_string(n / 100));
  record.mirrored = n % 11 == 0;
  if (n % 3 == 0) {
    record.experiment = names.intern("experiment");
    record.epoch = static_cast<std::uint32_t>(n / 200);
    record.variant = static_cast<std::uint8_t>(n % 2);
    record.unit_hash = 1 + n * 7919 % 1000;
  }
  return record;
}

/// Commits records from `first` on until it is killed; writes the highest committed number to
/// `report` after each.
[[noreturn]] void write_until_killed(const std::string& path, std::uint64_t first, int report) {
  Names names;
  auto opened = Journal::open({.path = path,
                               .fsync_interval = std::chrono::milliseconds{20},
                               .index_segment_entries = 100,
                               .checkpoint_interval = std::chrono::milliseconds{3}},
                              names);
  if (!opened) _exit(2);
  Writer writer(**opened);
  for (std::uint64_t n = first; n < first + kPerRound;) {
    std::vector<router::Record> records;
    for (std::uint64_t i = 0; i <= n % 7; ++i) records.push_back(record_of(n++, names));
    writer.commit(records);
    if (write(report, &n, sizeof n) != sizeof n) _exit(3);
  }
  _exit(0);
}

/// The number after the last that the child reported; it is killed after `reports` of them.
std::uint64_t run_child(const std::string& path, std::uint64_t first, std::uint64_t reports) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    write_until_killed(path, first, ends[1]);
  }
  close(ends[1]);
  std::uint64_t next = first;
  std::uint64_t value = 0;
  for (std::uint64_t i = 0; read(ends[0], &value, sizeof value) == sizeof value; ++i) {
    next = value;
    if (i == reports) kill(child, SIGKILL);
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
  return next;
}

TEST(JournalCrash, LosesNothingThatWasCommittedAndCountsItOnce) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer cannot follow the fork of a process that has threads; e2e.crash "
                  "kills a whole gate";
#endif
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 dice(seed);
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "journal";
  std::uint64_t total = 0;
  std::set<std::uint64_t> acknowledged;
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t first = static_cast<std::uint64_t>(round) * kPerRound;
    const std::uint64_t next = run_child(path, first, 1 + dice() % 300);
    for (auto n = first; n < next; ++n) acknowledged.insert(n);

    Names names;
    auto journal = Journal::open({.path = path}, names);
    ASSERT_TRUE(journal.has_value()) << journal.error().message;
    for (auto n = first; n < next; ++n) {
      const auto record = (*journal)->find_by_response_id("r" + std::to_string(n));
      ASSERT_TRUE(record.has_value()) << record.error().message;
      ASSERT_EQ(names.text(record->route), "route " + std::to_string(n / 100));
    }
    const auto counted = requests_of((*journal)->tallies());
    EXPECT_GE(counted, acknowledged.size());
    EXPECT_LE(counted, total + (next - first) + 7) << "at most the batch in flight is more";
    total = counted;
    expect_exact_series(**journal, path);
    (*journal)->close();
    expect_exact(path, counted);
    if (HasFailure()) return;
  }
  const auto reader = JournalReader::open(path).value();
  std::set<std::uint64_t> stored;
  ASSERT_TRUE(reader
                  ->scan({},
                         [&](const router::Record& record) {
                           stored.insert(std::stoull(record.response_id.substr(1)));
                           return true;
                         })
                  .has_value());
  EXPECT_TRUE(
      std::includes(stored.begin(), stored.end(), acknowledged.begin(), acknowledged.end()));
}

}  // namespace
}  // namespace tallygate::store
