#include "store/journal.h"

#include "store/journal_core.h"

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

TallySet Journal::tallies() const { return core_->tallies(); }
JournalStatus Journal::status() const { return core_->status(); }

Result<router::Record> Journal::find(const Uuid& id) const {
  return core_->find(RecordQuery::by_id(id));
}

Result<router::Record> Journal::find_by_response_id(std::string_view response_id) const {
  return core_->find(RecordQuery::by_response_id(response_id));
}

Result<void> Journal::purge(WallTime now) { return core_->purge(now - core_->options.retention); }
void Journal::close() { core_->close(); }

}  // namespace tallygate::store
