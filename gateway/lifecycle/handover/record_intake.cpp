#include "gateway/lifecycle/handover/record_intake.h"

#include "gateway/lifecycle/handover/record_message.h"

namespace tallygate::lifecycle {

RecordIntake::RecordIntake(store::Journal& journal, store::Names& names)
    : journal_(journal), names_(names), producer_(journal.add_producer([this] {
        const std::lock_guard lock(mutex_);
        committed_.notify_all();
      })) {}

RecordIntake::~RecordIntake() { producer_.retire(); }

Result<void> RecordIntake::take(std::string_view body) {
  auto message = parse_records(body, names_);
  if (!message) return message.error();
  for (const store::Started& start : message->started) {
    producer_.count_started(start.key, start.count);
  }
  std::uint64_t last = 0;
  for (router::Record& record : message->records) {
    if (message->resent && journal_.find(record.id).has_value()) continue;
    last = producer_.append(std::move(record));
  }
  producer_.hand_over();
  std::unique_lock lock(mutex_);
  committed_.wait(lock, [&] { return producer_.committed() >= last; });
  return {};
}

}  // namespace tallygate::lifecycle
