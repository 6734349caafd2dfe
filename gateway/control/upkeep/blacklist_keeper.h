#pragma once
// Keeps the catalog's blacklistings in step with the HealthBoard, and tells the event feed what
// happens to targets. What is written follows from the board as it is then and not from the order
// in which news came, so a bench and a pardon that cross each other end as the board has them. One
// write per bench, recovery and pardon; many at once share it. Functions block: control's pool.

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "gateway/api/models/blacklisting.h"
#include "gateway/events/event_feed.h"
#include "gateway/upstream/health_board.h"
#include "store/catalog/catalog.h"
#include "store/journal/names.h"

namespace tallygate {

/// What is due to the document of a target.
enum class DocumentStep : std::uint8_t { none, write, erase };
/// A bench by hand is written by whoever made it: its document is left alone until it is over.
DocumentStep document_step(const router::HealthState& state, bool by_hand,
                           const std::optional<api::Blacklisting>& stored, WallTime now);

/// A steady moment of the past or future in wall time, and back; never SteadyTime{}, which means
/// none on the board.
WallTime to_wall(SteadyTime time, Moment now);
SteadyTime to_steady(WallTime time, Moment now);

class BlacklistKeeper {
 public:
  using Slots = std::map<router::NameId, router::TargetSlot>;
  struct Parts {
    HealthBoard& health;
    const store::Names& names;
    store::Catalog& catalog;
    EventFeed& events;
    std::function<Slots()> slots;  ///< of the targets that are routed to
  };

  explicit BlacklistKeeper(Parts parts) : parts_(std::move(parts)) {}

  /// As the catalog has it; before there are workers.
  void restore(Moment now);
  /// Writes and tells what workers have reported.
  void follow(Moment now);
  /// Each second, and after a reload: what could not be written, targets that are new to this
  /// process, which are as the catalog has them, and targets whose settings changed. A changed
  /// target is another one, with no failures; but a bench by hand was meant for its name.
  void tick(Moment now);

 private:
  void restore_one(const store::Document& document, router::NameId target, router::TargetSlot slot,
                   Moment now);
  /// False: the catalog does not answer.
  bool restore_newcomer(router::NameId target, router::TargetSlot slot, Moment now);
  void note(const HealthNews& news);
  void follow_locked(Moment now);
  Result<void> write_documents(Moment now);
  Result<std::optional<store::DocumentWrite>> write_of(const HealthNews& news, Moment now) const;
  void tell(const HealthNews& news, Moment now);
  /// All but the end of the bench.
  api::Blacklisting describe(const HealthNews& news) const;

  Parts parts_;
  std::mutex following_;  ///< of what follows
  std::map<router::NameId, HealthNews> unwritten_;
  Slots known_slots_;
  std::string last_failure_;  ///< logged once
};

}  // namespace tallygate
