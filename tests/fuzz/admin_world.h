#pragma once
// A gate's admin API made of values: a catalog in memory, one route with two versions from the
// file and one finished request of it.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "store/tally/unit_counts.h"
#include "tests/gateway/access/keys.h"
#include "tests/gateway/api/admin_kit.h"
#include "tests/gateway/api/tallies_kit.h"

namespace tallygate::api {

struct AdminWorld : AdminKit {
  store::TallySet tallies;
  router::Record record;
  access::Keys keys;
  std::vector<std::string> made;  ///< ids, in order

  AdminWorld() {
    add_route();
    add_record();
    add_ids();
    answer_from(tallies, context);
    context.tallies_of = [this](const router::TallyFilter& filter) {
      store::TallySet found;
      for (const auto& entry : tallies.entries) {
        if (filter.matches(entry.first)) found.entries.push_back(entry);
      }
      return found;
    };
    context.units_of = [](router::NameId) { return store::UnitCounts{}; };
    context.find_record = [this](const Uuid& id) -> Result<router::Record> {
      if (id == record.id) return record;
      return make_error(Errc::not_found, "There is no such record.");
    };
    context.find_records = [this](const store::RecordSearch& search) -> Result<store::RecordPage> {
      store::RecordPage page;
      if (search.matches(record)) page.records.push_back(record);
      page.next = store::LogPlace{1, 0};
      return page;
    };
    context.series = [](const SeriesQuery& query) -> Result<std::vector<SeriesPoint>> {
      SeriesPoint point;
      point.start = query.from;
      point.requests = point.successes = 1;
      return std::vector{point};
    };
    set_operation();
  }

 private:
  void add_route() {
    settings.targets["up"].url = "http://127.0.0.1:9";
    settings.targets["up"].model = "m";
    auto& versions = settings.routes["chat"].versions;
    versions["1.0.0"].targets = versions["2.0.0"].targets = {"up"};
    versions["1.0.0"].is_default = true;
  }

  void add_record() {
    record.id = parse_uuid("019aa4a5-3c30-7000-8000-0000000000ff").value();
    record.route = names.intern("chat");
    record.assigned_version = record.served_version = names.intern("1.0.0");
    record.target = names.intern("up");
    record.latency_us = 20'000;
    const router::TallyKeys counted = router::keys_of(record);
    for (int i = 0; i < counted.count; ++i) {
      auto& entry = tallies.entries.emplace_back();
      entry.first = counted.keys[static_cast<std::size_t>(i)];
      entry.second.fold(record, entry.first.kind);
    }
  }

  void add_ids() {
    context.make_id = [this, make = context.make_id] {
      const Uuid id = make();
      made.push_back(to_string(id));
      return id;
    };
    context.key_hasher = &keys.book.hasher;
    context.make_token = [this] { return access::make_token(keys.random); };
    context.publish_keys = [] {};
  }

  void set_operation() {
    context.health_of = [](router::NameId) { return TargetHealth{}; };
    context.store_health = [] { return store::StoreHealth{}; };
    context.render_metrics = [](telemetry::Format) { return std::string("up 1\n"); };
    context.reload = [] { return ReloadOutcome{}; };
    context.backup = [](const std::string&) -> Result<store::Backup> {
      return store::Backup{.number = 1};
    };
    context.blacklisted = [this] {
      return std::vector<BlacklistedTarget>{{.target = record.target, .until = context.now}};
    };
    context.bench = [](router::NameId, WallTime) -> Result<void> { return {}; };
    context.pardon = [](router::NameId) -> Result<void> { return {}; };
  }
};

}  // namespace tallygate::api
