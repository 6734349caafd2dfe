#include "gateway/lifecycle/handover/record_shipper.h"

#include <spdlog/spdlog.h>

#include <thread>

#include "gateway/lifecycle/handover/record_intake.h"
#include "gateway/lifecycle/handover/record_message.h"

namespace tallygate::lifecycle {
namespace {

constexpr std::chrono::milliseconds kPause{100};
constexpr int kTries = 300;  // 30 s

}  // namespace

RecordShipper::RecordShipper(HandoverSocket successor, const store::Names& names,
                             std::string store_path, store::JournalOptions own)
    : successor_(std::move(successor)),
      names_(names),
      store_path_(std::move(store_path)),
      own_(std::move(own)) {}

bool RecordShipper::ship(std::span<const router::Record* const> records) {
  if (ship_to_successor(render_records(records, false, names_))) return true;
  const std::string again = render_records(records, true, names_);
  for (int i = 0; i < kTries; ++i) {
    if (auto owner = connect_to_gate(store_path_)) {
      successor_ = std::move(*owner);
      if (ship_to_successor(again)) return true;
    }
    if (write_here(again)) return true;
    std::this_thread::sleep_for(kPause);
  }
  spdlog::error("{} records were not taken by the gate that has the store", records.size());
  return false;
}

bool RecordShipper::ship_to_successor(const std::string& body) {
  if (!successor_.is_open()) return false;
  const bool taken = successor_.send(Word::records, body).has_value() &&
                     successor_.expect(Word::recorded, std::nullopt).has_value();
  if (!taken) successor_ = HandoverSocket();
  return taken;
}

bool RecordShipper::write_here(const std::string& body) const {
  store::Names names;  // the store has had another owner, who numbers names otherwise
  const auto journal = store::Journal::open(own_, names);
  if (!journal) return false;
  const bool taken = RecordIntake(**journal, names).take(body).has_value();
  (*journal)->close();  // whoever is started next finds the store free
  return taken && (*journal)->status().dropped == 0;
}

void RecordShipper::finish() {
  if (successor_.is_open()) [[maybe_unused]]
    auto told = successor_.send(Word::done);
}

}  // namespace tallygate::lifecycle
