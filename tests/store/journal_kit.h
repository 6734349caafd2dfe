#pragma once
// What the journal's tests share: a producer that waits, and the recount that all must agree with.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "store/journal.h"
#include "store/journal_reader.h"

namespace tallygate::store {

class Writer {
 public:
  /// `journal` calls back as long as it lives: what the callback needs lives as long.
  explicit Writer(Journal& journal)
      : signal_(std::make_shared<Signal>()), producer_(&journal.add_producer([signal = signal_] {
          const std::lock_guard lock(signal->mutex);
          signal->condition.notify_all();
        })) {}

  Journal::Producer& producer() { return *producer_; }

  void wait_for(std::uint64_t number) {
    std::unique_lock lock(signal_->mutex);
    signal_->condition.wait(lock, [&] { return producer_->committed() >= number; });
  }

  void commit(const std::vector<router::Record>& records) {
    std::uint64_t number = 0;
    for (const auto& record : records) number = producer_->append(router::Record(record));
    producer_->hand_over();
    wait_for(number);
  }

 private:
  struct Signal {
    std::mutex mutex;
    std::condition_variable condition;
  };
  std::shared_ptr<Signal> signal_;
  Journal::Producer* producer_;
};

/// Requests under the tallies of kinds performance and mirror: each record is in exactly one.
inline std::uint64_t requests_of(const TallySet& set) {
  std::uint64_t count = 0;
  for (const auto& [key, tally] : set.entries) {
    if (key.kind != router::TallyKey::Kind::variant) count += tally.requests();
  }
  return count;
}

/// The tallies as a scan of all records gives them.
inline std::vector<std::pair<router::TallyKey, router::Tally>> recount(
    const JournalReader& reader) {
  std::vector<std::pair<router::TallyKey, router::Tally>> entries;
  const auto fold = [&](const router::Record& record) {
    const auto keys = router::keys_of(record);
    for (int i = 0; i < keys.count; ++i) {
      const auto& key = keys.keys[static_cast<std::size_t>(i)];
      auto at = std::find_if(entries.begin(), entries.end(),
                             [&](const auto& entry) { return entry.first == key; });
      if (at == entries.end()) at = entries.insert(entries.end(), {key, {}});
      at->second.fold(record, key.kind);
    }
    return true;
  };
  EXPECT_TRUE(reader.scan({}, fold).has_value());
  return entries;
}

/// A reader's tallies equal its recount, and there are `count` records.
inline void expect_exact(const std::string& path, std::uint64_t count) {
  const auto reader = JournalReader::open(path);
  ASSERT_TRUE(reader.has_value()) << reader.error().message;
  const auto tallies = (*reader)->tallies();
  ASSERT_TRUE(tallies.has_value()) << tallies.error().message;
  const auto counted = recount(**reader);
  EXPECT_EQ(requests_of(*tallies), count);
  ASSERT_EQ(tallies->entries.size(), counted.size());
  for (const auto& [key, tally] : counted) {
    const auto at =
        std::find_if(tallies->entries.begin(), tallies->entries.end(),
                     [&, wanted = key](const auto& entry) { return entry.first == wanted; });
    ASSERT_NE(at, tallies->entries.end());
    EXPECT_EQ(at->second, tally);
  }
}

}  // namespace tallygate::store
