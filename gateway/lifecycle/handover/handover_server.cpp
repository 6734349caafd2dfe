#include "gateway/lifecycle/handover/handover_server.h"

#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "gateway/lifecycle/handover/record_intake.h"

namespace tallygate::lifecycle {
namespace {

/// For a peer's next word when it has nothing to do but to say it.
constexpr std::chrono::seconds kGreeting{10};
/// For the successor to bind what it was not given.
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::milliseconds kPause{50};
/// Gates that drain at the same time, each replaced by the next.
constexpr std::size_t kMostPredecessors = 16;

}  // namespace

HandoverServer::HandoverServer(HandoverStore store, HandoverActions actions,
                               HandoverPatience patience)
    : store_(std::move(store)),
      actions_(std::move(actions)),
      patience_(patience),
      stop_(::eventfd(0, EFD_CLOEXEC)) {}

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
  is_paused_ = true;
  actions_.pause_accepting();
  if (lend_store(successor)) {
    leave_to(std::move(successor));
    return true;
  }
  resume();
  take_store_back(std::move(successor));
  return false;
}

bool HandoverServer::lend_store(HandoverSocket& successor) {
  auto released = store_.catalog.release();
  if (released) released = store_.journal.release();
  if (!released) {
    spdlog::error("not handed over: {}", released.error().message);
    [[maybe_unused]] const auto told = successor.send(Word::refused, released.error().message);
    return false;
  }
  auto done = successor.send(Word::store_is_yours);
  if (done) done = wait_for(successor, Word::ready);
  if (done) done = successor.send(Word::go);
  if (done) {
    done = wait_for(successor, Word::serving);
    if (!done) actions_.end(successor);  // it would serve without being told to
  }
  if (done) return true;
  spdlog::error("not handed over: {}", done.error().message);
  [[maybe_unused]] const auto told = successor.send(Word::cancelled);
  return false;
}

Result<void> HandoverServer::wait_for(HandoverSocket& successor, Word word) {
  for (std::chrono::milliseconds waited{0}; !successor.is_readable_within(kPause);
       waited += kPause) {
    if (waited >= patience_.silence) resume();
    if (waited >= patience_.successor || records_pile_up()) {
      return make_error(Errc::storage_unavailable, "the next gate does not go on");
    }
  }
  const auto heard = successor.expect(word, kGreeting);
  if (!heard) return heard.error();
  return {};
}

bool HandoverServer::records_pile_up() const {
  return store_.journal.status().queued > store_.journal_options.max_queued_records / 2;
}

void HandoverServer::resume() {
  if (std::exchange(is_paused_, false)) actions_.resume_accepting();
}

void HandoverServer::take_store_back(HandoverSocket successor) {
  const bool back = insist([this] { return store_.journal.take_back(); }, successor) &&
                    insist([this] { return store_.catalog.take_back(); }, successor);
  if (back) spdlog::warn("the store is back, this gate goes on");
}

bool HandoverServer::insist(const std::function<Result<void>()>& take,
                            const HandoverSocket& successor) {
  Result<void> taken = take();
  for (std::chrono::milliseconds waited{0}; !taken && !is_stopping(); waited += kPause) {
    if (waited == patience_.grace) {
      spdlog::error("ending the next gate, which keeps the store: {}", taken.error().message);
      actions_.end(successor);
    }
    std::this_thread::sleep_for(kPause);
    taken = take();
  }
  return taken.has_value();
}

void HandoverServer::leave_to(HandoverSocket successor) {
  shipper_ = std::make_unique<RecordShipper>(std::move(successor), store_.names, store_.path,
                                             store_.journal_options);
  const auto forwarded = store_.journal.forward_to(
      [this](auto records, auto started) { return shipper_->ship(records, started); });
  if (!forwarded) spdlog::error("records do not follow: {}", forwarded.error().message);
  store_.catalog.leave();
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
  if (first_body.empty()) [[maybe_unused]]
    const auto told = from->send(Word::serving);
  for (std::string body = std::move(first_body);;) {
    if (!body.empty()) {
      const auto taken = intake.take(body);
      if (!taken) spdlog::error("last records of the gate before: {}", taken.error().message);
      const auto told =
          taken ? from->send(Word::recorded) : from->send(Word::refused, taken.error().message);
      if (!told || !taken) break;
    }
    auto next = from->receive(std::nullopt);
    if (!next || (next->word != Word::records && next->word != Word::go)) break;
    body = std::move(next->body);  // `go` has none, and comes late from a gate that hung
  }
  const std::lock_guard lock(mutex_);
  predecessors_.erase(from);
  intake_ended_.notify_all();
}

bool HandoverServer::is_stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
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
  if (shipper_ != nullptr) shipper_->hurry();
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
