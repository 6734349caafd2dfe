// What the dashboard's questions cost with a hundred million requests behind them: 10,000 keys of
// 10,000 requests each whose sketches span five octaves, and a test of four epochs. The book is
// asked as the journal is; only its lock is left out.

#include <benchmark/benchmark.h>

#include <random>

#include "gateway/api/experiments/ab_test_look_up.h"
#include "gateway/api/models/performance.h"
#include "gateway/registry/experiments/ab_test_rules.h"
#include "store/tally/tally_book.h"
#include "tests/gateway/api/admin_kit.h"
#include "tests/gateway/registry/experiments/ab_test_kit.h"
#include "tests/support/records.h"

namespace tallygate::api {
namespace {

constexpr int kRoutes = 100;
constexpr int kVersions = 100;
constexpr std::uint64_t kRequestsOfAKey = 10'000;

/// Many requests without folding each: one record's worth of everything, and buckets that a merge
/// doubles.
router::Tally tally_of(std::mt19937_64& dice, router::TallyKey::Kind kind, std::uint64_t requests) {
  std::lognormal_distribution<double> micros(13, 0.5);
  router::Tally tally;
  for (std::uint64_t i = 0; i < 200; ++i) {
    auto record = testing::small_record(i);
    record.latency_us = static_cast<std::uint32_t>(micros(dice));
    record.first_token_us = record.latency_us / 4;
    record.cost_nano_usd = 1000 + static_cast<std::int64_t>(dice() % 1000);
    record.output_tokens = static_cast<std::uint32_t>(dice() % 500);
    record.experiment = 1;
    record.unit_hash = dice();
    record.outcome = dice() % 100 == 0 ? router::Outcome::upstream_error : router::Outcome::ok;
    tally.fold(record, kind);
  }
  while (tally.requests() < requests) tally.merge(router::Tally(tally));
  return tally;
}

struct Dashboard {
  AdminKit kit;
  std::vector<std::pair<router::TallyKey, router::Tally>> tallies;
  boost::unordered_flat_map<std::uint64_t, std::size_t> by_key;
  router::Tally total;
  std::uint64_t requests = 0;

  Dashboard() {
    std::mt19937_64 dice(1);
    const auto kind = router::TallyKey::Kind::performance;
    const router::Tally some = tally_of(dice, kind, kRequestsOfAKey);
    for (int n = 0; n < kRoutes * kVersions; ++n) {
      router::TallyKey key;
      key.route = kit.names.intern("route-" + std::to_string(n % kRoutes));
      key.version = kit.names.intern("1.0." + std::to_string(n / kRoutes));
      key.target = kit.names.intern("target-" + std::to_string(n));
      add(key, some);
      total.merge(some);
    }
    AdminContext& context = kit.context;
    context.total = [this] { return total; };
    context.health_of = [](router::NameId) { return TargetHealth{}; };
    context.blacklisted = [] { return std::vector<BlacklistedTarget>(); };
    context.totals = [this](const router::TallyFilter& filter) {
      store::TotalsSet set;
      for (const auto& [key, tally] : tallies) {
        if (filter.matches(key)) set.entries.emplace_back(key, tally.totals());
      }
      return set;
    };
    context.tallies_of = [this](const router::TallyFilter& filter) {
      store::TallySet set;
      for (const auto& entry : tallies) {
        if (filter.matches(entry.first)) set.entries.push_back(entry);
      }
      return set;
    };
    context.tallies_at = [this](std::span<const router::TallyKey> keys) {
      store::TallySet set;
      for (const auto& key : keys) {
        set.entries.push_back(tallies[by_key.at(router::hash_of(key))]);
      }
      return set;
    };
  }

  void add(const router::TallyKey& key, const router::Tally& tally) {
    by_key.emplace(router::hash_of(key), tallies.size());
    tallies.emplace_back(key, tally);
    requests += tally.requests();
  }

  /// An active test on route-0 with two arms and four epochs.
  std::string add_test() {
    registry::AbTest test = registry::some_active();
    test.model_type = "route-0";
    while (test.epochs.size() < 4) {
      auto epoch = test.epochs.back();
      ++epoch.number;
      test.epochs.push_back(epoch);
    }
    std::mt19937_64 dice(2);
    for (std::uint32_t epoch = 1; epoch <= 4; ++epoch) {
      for (const std::uint8_t arm : {std::uint8_t{0}, std::uint8_t{1}}) {
        const auto name = kit.names.intern(registry::record_name(test));
        add(router::variant_key({kit.names.find("route-0"), 1, name, epoch, arm}),
            tally_of(dice, router::TallyKey::Kind::variant, 1'000'000));
      }
    }
    store::Transaction transaction;
    transaction.writes = {registry::write_of(test)};
    transaction.writes[0].expected_revision = 0;
    if (kit.catalog.transact(transaction).has_error()) std::abort();
    return to_string(test.id);
  }
};

Dashboard& dashboard() {
  static Dashboard made;
  return made;
}

void ask(benchmark::State& state, const std::string& target) {
  AdminKit& kit = dashboard().kit;
  for (auto _ : state) {
    const auto answer = kit.get(target);
    if (answer.status != 200) state.SkipWithError(answer.body.c_str());
  }
  state.counters["requests"] = static_cast<double>(dashboard().requests);
}

void performance(benchmark::State& state) { ask(state, "/performance?limit=50"); }
void performance_most(benchmark::State& state) { ask(state, "/performance?limit=200"); }
void summary(benchmark::State& state) { ask(state, "/performance/summary"); }
void usage(benchmark::State& state) { ask(state, "/performance/usage"); }
void rankings(benchmark::State& state) { ask(state, "/performance/rankings"); }
void ab_test(benchmark::State& state) {
  static const std::string id = dashboard().add_test();
  ask(state, "/api/v1/ab-tests/" + id);
}
BENCHMARK(performance)->Unit(benchmark::kMillisecond);
BENCHMARK(performance_most)->Unit(benchmark::kMillisecond);
BENCHMARK(summary)->Unit(benchmark::kMillisecond);
BENCHMARK(usage)->Unit(benchmark::kMillisecond);
BENCHMARK(rankings)->Unit(benchmark::kMillisecond);
BENCHMARK(ab_test)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tallygate::api
