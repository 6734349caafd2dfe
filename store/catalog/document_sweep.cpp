#include "store/catalog/document_sweep.h"

namespace tallygate::store {

Result<std::uint32_t> DocumentSweep::step(Catalog& catalog, WallTime before, std::uint32_t limit,
                                          WallTime now) {
  DocumentQuery query;
  query.kind = kind_;
  query.after = after_;
  query.limit = limit;
  query.newest_first = false;
  const auto page = catalog.list(query);
  if (!page) return page.error();
  Transaction removal;
  removal.actor = "gate";
  removal.action = "retention";
  removal.now = now;
  for (const Document& document : page->documents) {
    if (document.updated >= before) continue;
    DocumentWrite write;
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

}  // namespace tallygate::store
