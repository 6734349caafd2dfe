#include "gateway/api/operation/store_readiness.h"

#include "gateway/api/shapes/json_text.h"

namespace tallygate::api {

store::StoreHealth store_health_of(const store::JournalStatus& journal,
                                   const store::CatalogStatus& catalog, bool answers_wait) {
  return {.journal = journal.trouble,
          .catalog = catalog.trouble,
          .records_dropped = journal.dropped,
          .records_lost = journal.lost,
          .records_queued = journal.queued,
          .answers_wait = answers_wait,
          .journal_error = journal.last_error,
          .catalog_error = catalog.last_error};
}

std::string render_readiness(std::string_view word, const store::StoreHealth& health,
                             Messages messages) {
  const bool all = messages == Messages::included;
  JsonText json;
  json.open('{');
  json.add("status", word);
  if (health.degraded()) {
    json.add("store", "degraded");
    json.open("journal", '{');
    json.add("trouble", name_of(health.journal));
    json.add("records_dropped", health.records_dropped);
    json.add("records_lost", health.records_lost);
    json.add("records_queued", health.records_queued);
    json.add("answers_wait", health.answers_wait);
    if (all && health.journal != store::StoreTrouble::none) {
      json.add("message", health.journal_error);
    }
    json.close('}');
    json.open("catalog", '{');
    json.add("trouble", name_of(health.catalog));
    if (all && health.catalog != store::StoreTrouble::none) {
      json.add("message", health.catalog_error);
    }
    json.close('}');
  }
  json.close('}');
  return json.take();
}

}  // namespace tallygate::api
