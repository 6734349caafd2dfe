#include "store/journal/journal.h"

#include <thread>

#include "store/journal/journal_core.h"
#include "store/rocksdb/backup_engine.h"
#include "store/tally/unit_book.h"

namespace tallygate::store {

Journal::Journal(std::shared_ptr<JournalCore> core) : core_(std::move(core)) {}
Journal::~Journal() { close(); }

Result<std::unique_ptr<Journal>> Journal::open(const JournalOptions& options, Names& names) {
  auto core = std::make_shared<JournalCore>(options, names);
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
TallySet Journal::tallies_at(std::span<const router::TallyKey> keys) const {
  return core_->tallies_at(keys);
}
router::Tally Journal::total() const { return core_->total(); }
TotalsSet Journal::totals(const router::TallyFilter& filter) const { return core_->totals(filter); }
UnitCounts Journal::units(router::NameId experiment) const { return core_->units(experiment); }
Result<std::vector<SeriesPoint>> Journal::series(const SeriesQuery& query) const {
  return core_->series(query);
}
Result<void> Journal::forget_experiment(router::NameId experiment) {
  return core_->forget_experiment(experiment);
}

JournalStatus Journal::status() const {
  JournalStatus status = core_->status();
  if (left_behind_) status.dropped += status.queued;
  return status;
}

Result<router::Record> Journal::find(const Uuid& id) const {
  return core_->find(RecordQuery::by_id(id));
}

Result<router::Record> Journal::find_by_response_id(std::string_view response_id) const {
  return core_->find(RecordQuery::by_response_id(response_id));
}

Result<RecordPage> Journal::search(const RecordSearch& search) const {
  return core_->with_database([&](Database& database) { return database.search(search); });
}

Result<void> Journal::purge(WallTime now) { return core_->purge(now); }

Result<std::uint32_t> Journal::backup(const std::string& folder) const {
  return core_->with_database(
      [&](Database& database) { return back_up(database.engine(), folder, "journal"); });
}

Result<void> Journal::release() { return core_->release(); }
Result<void> Journal::take_back() { return core_->take_back(); }
Result<void> Journal::forward_to(Forward forward) { return core_->forward_to(std::move(forward)); }

bool Journal::close() {
  if (closed_) return !left_behind_;
  closed_ = true;
  // RocksDB 7.8 may hang for good after a stall, and a disk may hang by itself.
  std::promise<void> done;
  auto is_done = done.get_future();
  std::thread closer([core = core_, done = std::move(done)]() mutable {
    core->close();
    done.set_value();
  });
  left_behind_ = is_done.wait_for(core_->options.close_within) != std::future_status::ready;
  if (left_behind_) {
    closer.detach();
  } else {
    closer.join();
  }
  return !left_behind_;
}

}  // namespace tallygate::store
