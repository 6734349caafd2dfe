#include "gateway/control/upkeep/store_news.h"

#include <spdlog/spdlog.h>

#include "gateway/api/shapes/json_text.h"

namespace tallygate {

bool StoreNews::look() {
  bool is_full_now = false;
  const store::JournalStatus journal = process_.journal.status();
  if (journal.trouble != journal_) {
    tell("journal", journal_, journal.trouble, journal.last_error);
    journal_ = journal.trouble;
    is_full_now |= journal_ == store::StoreTrouble::full;
    spdlog::warn("journal: {} records wait, {} were never recorded, {} were lost", journal.queued,
                 journal.dropped - journal.lost, journal.lost);
  }
  const store::CatalogStatus catalog = process_.catalog.status();
  if (catalog.trouble != catalog_) {
    tell("catalog", catalog_, catalog.trouble, catalog.last_error);
    catalog_ = catalog.trouble;
    is_full_now |= catalog_ == store::StoreTrouble::full;
  }
  return is_full_now;
}

void StoreNews::tell(const char* database, store::StoreTrouble before, store::StoreTrouble now,
                     const std::string& message) {
  const bool is_over = now == store::StoreTrouble::none;
  if (is_over) {
    spdlog::warn("{}: it is written again; the trouble was: {}", database, name_of(before));
  } else {
    spdlog::error("{}: trouble: {}: {}; requests are served all the same", database, name_of(now),
                  message);
  }
  api::JsonText json;
  json.open('{');
  json.add("database", database);
  json.add("trouble", name_of(is_over ? before : now));
  json.close('}');
  process_.events.publish(is_over ? "store.recovered" : "store.degraded", json.take());
}

}  // namespace tallygate
