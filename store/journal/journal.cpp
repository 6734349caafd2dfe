#include "store/journal/journal.h"

#include "store/journal/journal_core.h"
#include "store/rocksdb/backup_engine.h"
#include "store/tally/unit_book.h"

namespace tallygate::store {

Journal::Journal(std::unique_ptr<JournalCore> core) : core_(std::move(core)) {}
Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::open(const JournalOptions& options, Names& names) {
  auto core = std::make_unique<JournalCore>(options, names);
  if (auto started = core->start(); !started) return started.error();
  return std::unique_ptr<Journal>(new Journal(std::move(core)));
}

Journal::Producer& Journal::add_producer(std::function<void()> wake) {
  return core_->add_lane(std::move(wake)).producer;
}

TallySet Journal::tallies() const { return core_->tallies({}); }
TallySet Journal::tallies(const router::TallyFilter& filter) const {
  return core_->tallies(filter);
}
TotalsSet Journal::totals(const router::TallyFilter& filter) const { return core_->totals(filter); }
UnitCounts Journal::units(router::NameId experiment) const { return core_->units(experiment); }
Result<std::vector<SeriesPoint>> Journal::series(const SeriesQuery& query) const {
  return core_->series(query);
}
Result<void> Journal::forget_experiment(router::NameId experiment) {
  return core_->forget_experiment(experiment);
}
JournalStatus Journal::status() const { return core_->status(); }

Result<router::Record> Journal::find(const Uuid& id) const {
  return core_->find(RecordQuery::by_id(id));
}

Result<router::Record> Journal::find_by_response_id(std::string_view response_id) const {
  return core_->find(RecordQuery::by_response_id(response_id));
}

Result<void> Journal::purge(WallTime now) { return core_->purge(now); }

Result<std::uint32_t> Journal::backup(const std::string& folder) const {
  return core_->with_database(
      [&](Database& database) { return back_up(database.engine(), folder, "journal"); });
}

Result<void> Journal::release() { return core_->release(); }
Result<void> Journal::take_back() { return core_->take_back(); }
Result<void> Journal::forward_to(Forward forward) { return core_->forward_to(std::move(forward)); }

void Journal::close() { core_->close(); }

}  // namespace tallygate::store
