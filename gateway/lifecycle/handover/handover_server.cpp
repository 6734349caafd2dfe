#include "gateway/lifecycle/handover/handover_server.h"

#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "gateway/lifecycle/handover/record_intake.h"

namespace tallygate::lifecycle {
namespace {

/// For a peer's next word when it has nothing to do but to say it.
constexpr std::chrono::seconds kGreeting{10};
/// For the successor to read its configuration, and to open the store: a journal that must be
/// recovered takes its time.
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::milliseconds kPause{50};
constexpr int kTries = 400;  // 20 s
/// Gates that drain at the same time, each replaced by the next.
constexpr std::size_t kMostPredecessors = 16;

}  // namespace

HandoverServer::HandoverServer(HandoverStore store, HandoverActions actions)
    : store_(std::move(store)), actions_(std::move(actions)), stop_(::eventfd(0, EFD_CLOEXEC)) {}

HandoverServer::~HandoverServer() { stop(std::chrono::milliseconds{0}); }

Result<void> HandoverServer::start() {
  auto listener = listen_for_successor(store_.path);
  if (!listener) return listener.error();
  listener_ = std::move(*listener);
  thread_ = std::thread([this] { wait_for_successor(); });
  return {};
}

void HandoverServer::wait_for_successor() {
  while (auto peer = accept_peer(listener_.get(), stop_.get())) {
    if (talk_to(std::move(*peer))) break;
  }
  listener_.reset();  // who waits there finds the new owner's
}

bool HandoverServer::talk_to(HandoverSocket peer) {
  auto first = hear(peer, kGreeting);
  if (!first) return false;
  if (first->word == Word::records) {
    spawn_intake(std::move(peer), std::move(first->body));
    return false;
  }
  if (!greet(peer, *first)) return false;
  const auto asked = hear(peer, kPatience);
  return asked && asked->word == Word::give_store && hand_over(peer);
}

Result<Message> HandoverServer::hear(HandoverSocket& peer, std::chrono::milliseconds patience) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return make_error(Errc::draining, "handover: this gate stops");
    heard_ = &peer;
  }
  auto message = peer.receive(patience);
  const std::lock_guard lock(mutex_);
  heard_ = nullptr;
  return message;
}

bool HandoverServer::greet(HandoverSocket& successor, const Message& first) {
  const auto refuse = [&](const std::string& why) {
    [[maybe_unused]] const auto told = successor.send(Word::refused, why);
    return false;
  };
  if (first.word != Word::take_over || first.body != kDialect) {
    return refuse("it speaks " + std::string(kDialect) + " only; stop it, then start the new one");
  }
  const Listeners listeners = actions_.listeners();
  if (listeners.data.empty()) return refuse("it is stopping");
  for (std::size_t i = 0; i < listeners.data.size(); i += kMostDescriptors) {
    const auto part =
        std::span(listeners.data).subspan(i, std::min(kMostDescriptors, listeners.data.size() - i));
    if (!successor.send(Word::listeners, "data", part)) return false;
  }
  if (!successor.send(Word::listeners, "admin", listeners.admin)) return false;
  return successor.send(Word::no_more).has_value();
}

bool HandoverServer::hand_over(HandoverSocket& successor) {
  spdlog::info("handing the store over to the next gate");
  actions_.pause_accepting();
  if (!lend_store(successor)) {
    take_store_back();
    if (shipper_ != nullptr) return true;
    actions_.resume_accepting();
    return false;
  }
  leave_to(std::move(successor));
  return true;
}

bool HandoverServer::lend_store(HandoverSocket& successor) {
  store_.catalog.release();
  if (const auto released = store_.journal.release(); !released) {
    spdlog::error("not handed over: {}", released.error().message);
    [[maybe_unused]] const auto told = successor.send(Word::refused, released.error().message);
    return false;
  }
  if (!successor.send(Word::store_is_yours)) return false;
  const auto ready = successor.expect(Word::ready, kPatience);
  if (ready && successor.send(Word::go)) return true;
  spdlog::error("not handed over: {}", ready ? "the next gate is gone" : ready.error().message);
  [[maybe_unused]] const auto told = successor.send(Word::cancelled);
  successor = HandoverSocket();
  return false;
}

void HandoverServer::take_store_back() {
  Result<void> journal = store_.journal.take_back();
  for (int i = 0; i < kTries && !journal; ++i) {
    std::this_thread::sleep_for(kPause);  // who had it may need a moment to end
    journal = store_.journal.take_back();
  }
  if (!journal) {
    spdlog::error("the store is open in another process, this gate stops: {}",
                  journal.error().message);
    return leave_to(HandoverSocket());
  }
  Result<void> catalog = store_.catalog.take_back();
  for (int i = 0; i < kTries && !catalog; ++i) {
    std::this_thread::sleep_for(kPause);
    catalog = store_.catalog.take_back();
  }
  if (!catalog) spdlog::error("the catalog is not back: {}", catalog.error().message);
  spdlog::warn("the store is back, this gate goes on");
}

void HandoverServer::leave_to(HandoverSocket successor) {
  shipper_ = std::make_unique<RecordShipper>(std::move(successor), store_.names, store_.path,
                                             store_.journal_options);
  const auto forwarded = store_.journal.forward_to(
      [this](std::span<const router::Record* const> records) { return shipper_->ship(records); });
  if (!forwarded) spdlog::error("records do not follow: {}", forwarded.error().message);
  actions_.leave();
}

void HandoverServer::take_records_from(HandoverSocket predecessor) {
  if (predecessor.is_open()) spawn_intake(std::move(predecessor), {});
}

void HandoverServer::spawn_intake(HandoverSocket from, std::string first_body) {
  const std::lock_guard lock(mutex_);
  if (predecessors_.size() >= kMostPredecessors) return;
  const auto place = predecessors_.insert(predecessors_.end(), std::move(from));
  intakes_.emplace_back([this, place, body = std::move(first_body)]() mutable {
    serve_records(place, std::move(body));
  });
}

void HandoverServer::serve_records(std::list<HandoverSocket>::iterator from,
                                   std::string first_body) {
  RecordIntake intake(store_.journal, store_.names);
  for (std::string body = std::move(first_body);;) {
    if (!body.empty()) {
      const auto taken = intake.take(body);
      if (!taken) spdlog::error("last records of the gate before: {}", taken.error().message);
      const auto told =
          taken ? from->send(Word::recorded) : from->send(Word::refused, taken.error().message);
      if (!told || !taken) break;
    }
    auto next = from->receive(std::nullopt);
    if (!next || next->word != Word::records) break;
    body = std::move(next->body);
  }
  const std::lock_guard lock(mutex_);
  predecessors_.erase(from);
  intake_ended_.notify_all();
}

void HandoverServer::stop(std::chrono::milliseconds patience) {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(stop_.get(), &one, sizeof one);
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      if (heard_ != nullptr) heard_->shut_down();
    }
    thread_.join();
  }
  std::vector<std::thread> intakes;
  {
    std::unique_lock lock(mutex_);
    intake_ended_.wait_for(lock, patience, [&] { return predecessors_.empty(); });
    for (const HandoverSocket& predecessor : predecessors_) predecessor.shut_down();
    intakes.swap(intakes_);
  }
  for (std::thread& intake : intakes) intake.join();
}

void HandoverServer::finish() {
  if (shipper_ != nullptr) shipper_->finish();
}

}  // namespace tallygate::lifecycle
