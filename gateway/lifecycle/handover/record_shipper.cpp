#include "gateway/lifecycle/handover/record_shipper.h"

#include <spdlog/spdlog.h>

#include <thread>

#include "gateway/lifecycle/handover/record_intake.h"
#include "gateway/lifecycle/handover/record_message.h"

namespace tallygate::lifecycle {
namespace {

constexpr std::chrono::milliseconds kPause{100};
constexpr std::chrono::seconds kAnswer{10};  // once it has begun
constexpr int kTries = 300;                  // 30 s
constexpr int kMostLooks = 20;               // 2 s, less than the journal has to close

}  // namespace

RecordShipper::RecordShipper(HandoverSocket successor, const store::Names& names,
                             std::string store_path, store::JournalOptions own)
    : successor_(std::move(successor)),
      names_(names),
      store_path_(std::move(store_path)),
      own_(std::move(own)) {}

bool RecordShipper::ship(std::span<const router::Record* const> records,
                         std::span<const store::Started> started) {
  if (ship_to_successor(render_records(records, started, false, names_))) return true;
  const std::string again = render_records(records, started, true, names_);
  for (int i = 0; i < kTries && looks_in_a_hurry_ < kMostLooks; ++i) {
    if (auto owner = connect_to_gate(store_path_)) {
      successor_ = std::move(*owner);
      if (ship_to_successor(again)) return true;
    }
    if (write_here(again)) return true;
    if (hurried_.load()) ++looks_in_a_hurry_;
    std::this_thread::sleep_for(kPause);
  }
  spdlog::error("{} records were not taken by the gate that has the store", records.size());
  return false;
}

bool RecordShipper::ship_to_successor(const std::string& body) {
  if (!successor_.is_open()) return false;
  const bool taken = successor_.send(Word::records, body).has_value() && wait_for_answer() &&
                     successor_.expect(Word::recorded, kAnswer).has_value();
  if (!taken) successor_ = HandoverSocket();
  return taken;
}

bool RecordShipper::wait_for_answer() {
  while (!successor_.is_readable_within(kPause)) {
    if (hurried_.load() && ++looks_in_a_hurry_ >= kMostLooks) return false;
  }
  return true;
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
