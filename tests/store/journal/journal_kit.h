#pragma once
// What the journal's tests share: a producer that waits, and the recount that all must agree with.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "store/journal/journal.h"
#include "store/journal/reading/journal_reader.h"
#include "store/tally/unit_book.h"

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
  const auto tally_of = [&](const router::TallyKey& key) -> router::Tally& {
    auto at = std::find_if(entries.begin(), entries.end(),
                           [&](const auto& entry) { return entry.first == key; });
    if (at == entries.end()) at = entries.insert(entries.end(), {key, {}});
    return at->second;
  };
  const auto fold = [&](const router::Record& record) {
    const auto keys = router::keys_of(record);
    for (int i = 0; i < keys.count; ++i) {
      const auto& key = keys.keys[static_cast<std::size_t>(i)];
      tally_of(key).fold(record, key.kind);
    }
    for (std::size_t i = 0; i < record.attempts.size(); ++i) {
      if (const auto key = router::failover_key(record, i)) tally_of(*key).fold_failover();
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
    router::Tally stored = at->second;
    if (key.kind == router::TallyKey::Kind::variant) {
      EXPECT_GE(stored.started, stored.requests());
    }
    stored.started = 0;  // counted by the workers, not a fold of records
    EXPECT_EQ(stored, tally);
  }
}

inline SeriesQuery series_query(Resolution resolution, const router::TallyFilter& keys = {}) {
  SeriesQuery query;
  query.keys = keys;
  query.resolution = resolution;
  query.to = WallTime{std::chrono::minutes{kMaxSeriesPoints}};
  return query;
}

/// The points of all keys that pass and the units of all experiments, as a scan of all records
/// gives them.
struct Recount {
  Recount(const JournalReader& reader, Resolution resolution, const router::TallyFilter& filter) {
    const auto fold = [&](const router::Record& record) {
      const auto keys = router::keys_of(record);
      for (int i = 0; i < keys.count; ++i) {
        if (!filter.matches(keys.keys[static_cast<std::size_t>(i)])) continue;
        const auto bucket = bucket_of(minute_of_end(record), resolution);
        series[start_of(bucket, resolution)].fold(record);
      }
      if (record.experiment == 0 || record.mirrored || record.unit_hash == 0) return true;
      if (!seen[record.experiment].insert(record.unit_hash).second) return true;
      ++units[record.experiment][{record.epoch, record.variant}];
      return true;
    };
    EXPECT_TRUE(reader.scan({}, fold).has_value());
  }

  std::map<WallTime, router::Totals> series;
  std::map<router::NameId, std::set<std::uint64_t>> seen;
  std::map<router::NameId, std::map<std::pair<std::uint32_t, std::uint8_t>, std::uint64_t>> units;
};

/// The series and units of an open journal equal a recount of what it holds.
inline void expect_exact_series(const Journal& journal, const std::string& path) {
  using Kind = router::TallyKey::Kind;
  const auto reader = JournalReader::open(path);
  ASSERT_TRUE(reader.has_value()) << reader.error().message;
  for (const Kind kind : {Kind::performance, Kind::variant, Kind::mirror}) {
    for (const Resolution resolution : kResolutions) {
      router::TallyFilter filter;
      filter.kind = kind;
      const Recount counted(**reader, resolution, filter);
      const auto points = journal.series(series_query(resolution, filter));
      ASSERT_TRUE(points.has_value()) << points.error().message;
      std::map<WallTime, router::Totals> series;
      for (const auto& point : *points) series[point.start] = point.totals;
      EXPECT_TRUE(series == counted.series)
          << "kind " << static_cast<int>(kind) << ", resolution " << static_cast<int>(resolution);
      for (const auto& [experiment, arms] : counted.units) {
        UnitCounts expected;
        for (const auto& [arm, units] : arms) {
          expected.arms.push_back({arm.first, arm.second, units});
        }
        EXPECT_TRUE(journal.units(experiment) == expected) << "experiment " << experiment;
      }
    }
  }
}

}  // namespace tallygate::store
