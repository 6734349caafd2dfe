#include "gateway/control/upkeep/blacklist_keeper.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "gateway/api/shapes/json_text.h"

namespace tallygate {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

constexpr int kMostTries = 4;

std::string reason_of(const HealthEvidence& evidence) {
  std::string reason = std::to_string(evidence.failures_in_row) + " failures in a row, the last: ";
  reason += traits_of(evidence.cause).code;
  if (evidence.status != 0) reason += " (status " + std::to_string(evidence.status) + ")";
  return reason;
}

api::BlacklistingEvidence shown(const HealthEvidence& evidence) {
  return {std::string(traits_of(evidence.cause).code), evidence.status, to_string(evidence.request),
          evidence.at};
}

std::string_view event_name(HealthNews::Kind kind) {
  switch (kind) {
    case HealthNews::Kind::benched: return "target.benched";
    case HealthNews::Kind::recovered: return "target.recovered";
    case HealthNews::Kind::revived: return "target.pardoned";
    case HealthNews::Kind::misconfigured: return "target.misconfigured";
    case HealthNews::Kind::changed: return {};  // whoever did it tells
  }
  return {};
}

}  // namespace

WallTime to_wall(SteadyTime time, Moment now) {
  return now.wall + duration_cast<microseconds>(time - now.steady);
}

SteadyTime to_steady(WallTime time, Moment now) {
  return std::max(now.steady + (time - now.wall), SteadyTime{SteadyTime::duration{1}});
}

DocumentStep document_step(const router::HealthState& state, bool by_hand,
                           const std::optional<api::Blacklisting>& stored, WallTime now) {
  const bool is_by_hand = by_hand || (stored && stored->by_hand && stored->until > now);
  if (is_by_hand) return DocumentStep::none;
  if (state.benched_until != SteadyTime{}) return DocumentStep::write;
  return stored ? DocumentStep::erase : DocumentStep::none;
}

void BlacklistKeeper::restore(Moment now) {
  const std::lock_guard lock(following_);
  known_slots_ = parts_.slots();
  const auto documents = parts_.catalog.all(api::kBlacklistingKind);
  if (documents.has_error()) return spdlog::warn("blacklist: {}", documents.error().message);
  for (const store::Document& document : *documents) {
    const auto slot = known_slots_.find(parts_.names.find(document.id));
    if (slot != known_slots_.end()) restore_one(document, slot->first, slot->second, now);
  }
}

void BlacklistKeeper::restore_one(const store::Document& document, router::NameId target,
                                  router::TargetSlot slot, Moment now) {
  const auto told = api::blacklisting_of(document);
  if (told.has_error()) return spdlog::warn("blacklist: {}", told.error().message);
  const SteadyTime until = to_steady(told->until, now);
  if (told->by_hand && told->until > now.wall) {
    parts_.health.bench(slot, now.steady, until);
  } else if (told->by_hand) {
    note({.slot = slot, .target = target});
  } else {
    parts_.health.restore(slot, {until, told->failures_in_row}, now.steady);
  }
}

bool BlacklistKeeper::restore_newcomer(router::NameId target, router::TargetSlot slot, Moment now) {
  const auto document =
      parts_.catalog.find(api::kBlacklistingKind, std::string(parts_.names.text(target)));
  if (document.has_value()) restore_one(*document, target, slot, now);
  return document.has_value() || document.error().code == Errc::not_found;
}

void BlacklistKeeper::follow(Moment now) {
  const std::lock_guard lock(following_);
  follow_locked(now);
}

void BlacklistKeeper::tick(Moment now) {
  const std::lock_guard lock(following_);
  Slots slots = parts_.slots();
  for (auto each = slots.begin(); each != slots.end();) {
    const auto [name, slot] = *each;
    const auto before = known_slots_.find(name);
    if (before == known_slots_.end() && !restore_newcomer(name, slot, now)) {
      each = slots.erase(each);  // the catalog cannot say for now; the next tick asks again
      continue;
    }
    ++each;
    if (before == known_slots_.end() || before->second == slot) continue;
    const auto state = parts_.health.state(before->second);
    if (parts_.health.is_benched_by_hand(before->second) && state.benched_until > now.steady) {
      parts_.health.bench(slot, now.steady, state.benched_until);
    } else {
      unwritten_.insert_or_assign(name, HealthNews{.slot = slot, .target = name});
    }
  }
  known_slots_ = std::move(slots);
  follow_locked(now);
}

void BlacklistKeeper::note(const HealthNews& news) {
  if (news.kind == HealthNews::Kind::misconfigured) return;
  if (news.kind == HealthNews::Kind::benched) {
    unwritten_.insert_or_assign(news.target, news);
  } else {
    unwritten_.emplace(news.target, news);  // the evidence of a bench may still be wanted
  }
}

void BlacklistKeeper::follow_locked(Moment now) {
  std::vector<HealthNews> news = parts_.health.news.take();
  for (const HealthNews& item : news) {
    note(item);
  }
  if (!unwritten_.empty()) {
    const Result<void> written = write_documents(now);
    if (written.has_error() && written.error().message != last_failure_) {
      spdlog::error("blacklist: what is benched is not written down: {}", written.error().message);
    }
    last_failure_ = written.has_error() ? written.error().message : std::string();
    if (written.has_value()) unwritten_.clear();
  }
  for (const HealthNews& item : news) {
    if (item.written != nullptr) item.written->store(true, std::memory_order_release);
    tell(item, now);
  }
}

Result<void> BlacklistKeeper::write_documents(Moment now) {
  for (int i = 0;; ++i) {
    store::Transaction transaction;
    transaction.actor = api::kByItself;
    transaction.action = "follow health";
    transaction.now = now.wall;
    for (const auto& [name, news] : unwritten_) {
      auto write = write_of(news, now);
      if (write.has_error()) return write.error();
      if (*write) transaction.writes.push_back(std::move(**write));
    }
    if (transaction.writes.empty()) return {};
    const auto written = parts_.catalog.transact(transaction);
    if (written.has_value()) return {};
    const bool was_late = written.error().code == Errc::precondition_failed;
    if (!was_late || i + 1 >= kMostTries) return written.error();
  }
}

Result<std::optional<store::DocumentWrite>> BlacklistKeeper::write_of(const HealthNews& news,
                                                                      Moment now) const {
  const std::string target(parts_.names.text(news.target));
  const auto document = parts_.catalog.find(api::kBlacklistingKind, target);
  if (document.has_error() && document.error().code != Errc::not_found) return document.error();
  std::optional<api::Blacklisting> stored;
  if (document.has_value()) {
    // One that cannot be read is replaced like any other.
    const auto told = api::blacklisting_of(*document);
    stored = told.has_value() ? *told : api::Blacklisting{};
  }
  store::DocumentWrite write;
  write.kind = api::kBlacklistingKind;
  write.id = target;
  write.expected_revision = document.has_value() ? document->revision : 0;
  const router::HealthState state = parts_.health.state(news.slot);
  switch (document_step(state, parts_.health.is_benched_by_hand(news.slot), stored, now.wall)) {
    case DocumentStep::none: return std::optional<store::DocumentWrite>();
    case DocumentStep::erase: break;
    case DocumentStep::write:
      api::Blacklisting next = describe(news);
      next.until = to_wall(state.benched_until, now);
      next.failures_in_row = state.failures_in_row;
      if (!next.evidence && stored && !stored->by_hand) {
        next.reason = stored->reason;
        next.evidence = stored->evidence;
      }
      write.body = api::render_blacklisting(next);
  }
  return std::optional(std::move(write));
}

api::Blacklisting BlacklistKeeper::describe(const HealthNews& news) const {
  api::Blacklisting blacklisting;
  blacklisting.target = parts_.names.text(news.target);
  blacklisting.by = api::kByItself;
  if (news.kind == HealthNews::Kind::benched) {
    blacklisting.failures_in_row = news.evidence.failures_in_row;
    blacklisting.reason = reason_of(news.evidence);
    blacklisting.evidence = shown(news.evidence);
  }
  return blacklisting;
}

void BlacklistKeeper::tell(const HealthNews& news, Moment now) {
  const std::string_view name = event_name(news.kind);
  if (name.empty()) return;
  if (news.kind == HealthNews::Kind::benched) {
    api::Blacklisting benched = describe(news);
    benched.until = to_wall(news.benched_until, now);
    const std::string data = api::render_blacklisting(benched);
    spdlog::warn("{}: {}", name, data);
    return parts_.events.publish(name, data);
  }
  api::JsonText data;
  data.open('{');
  data.add("target", parts_.names.text(news.target));
  if (news.kind == HealthNews::Kind::misconfigured) {
    data.add("count", std::uint64_t{news.count});
    data.add_raw("evidence", api::render_evidence(shown(news.evidence)));
  } else {
    data.add("by", news.kind == HealthNews::Kind::revived ? "probe" : "request");
  }
  data.close('}');
  spdlog::warn("{}: {}", name, data.text());
  parts_.events.publish(name, data.text());
}

}  // namespace tallygate
