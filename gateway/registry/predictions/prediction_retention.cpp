#include "gateway/registry/predictions/prediction_retention.h"

#include "gateway/registry/predictions/prediction_document.h"

namespace tallygate::registry {

Result<std::uint32_t> PredictionSweep::step(store::Catalog& catalog, WallTime before,
                                            std::uint32_t limit, WallTime now) {
  store::DocumentQuery query;
  query.kind = kPredictionKind;
  query.after = after_;
  query.limit = limit;
  query.newest_first = false;
  const auto page = catalog.list(query);
  if (!page) return page.error();
  store::Transaction removal;
  removal.actor = "gate";
  removal.action = "retention";
  removal.now = now;
  for (const store::Document& document : page->documents) {
    if (document.updated >= before) continue;
    store::DocumentWrite write;
    write.kind = document.kind;
    write.id = document.id;
    write.forget = true;
    write.expected_revision = document.revision;
    removal.writes.push_back(std::move(write));
  }
  if (!removal.writes.empty()) {
    const auto removed = catalog.transact(removal);
    if (!removed && removed.error().code == Errc::precondition_failed) return std::uint32_t{0};
    if (!removed) return removed.error();
  }
  after_ = page->has_more ? page->documents.back().id : "";
  return static_cast<std::uint32_t>(removal.writes.size());
}

}  // namespace tallygate::registry
