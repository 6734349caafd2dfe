#pragma once
// The parts of the running process that control works with. Made by app, before anything runs;
// outlives control.

#include <atomic>

#include "gateway/access/key_book.h"
#include "gateway/events/event_feed.h"
#include "gateway/exchange/local/control_desk.h"
#include "gateway/upstream/health_board.h"
#include "store/catalog/catalog.h"
#include "store/journal/journal.h"
#include "store/journal/names.h"

namespace tallygate {

struct Process {
  HealthBoard& health;
  store::Names& names;
  store::Journal& journal;
  store::Catalog& catalog;
  EventFeed& events;
  access::KeyBook& keys;
  ControlDesk& desk;         ///< where workers ask control
  std::atomic<bool>& ready;  ///< what /readyz answers
};

}  // namespace tallygate
