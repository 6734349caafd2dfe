#include "gateway/registry/predictions/prediction_store.h"

namespace tallygate::registry {
namespace {

/// Fills `counts`, which are empty, with what is stored.
Result<void> read_counts(const store::Catalog& catalog,
                         std::map<std::string, PredictionCounts>& counts) {
  for (auto& [id, each] : counts) {
    const auto document = catalog.find(kPredictionCountsKind, id);
    if (!document) {
      if (document.error().code == Errc::not_found) continue;
      return document.error();
    }
    auto stored = prediction_counts_of(*document);
    if (!stored) return stored.error();
    each = std::move(*stored);
  }
  return {};
}

}  // namespace

Result<Subject> find_subject(const store::Catalog& catalog, const std::string& id) {
  const auto document = catalog.find(kPredictionKind, id);
  if (document) return subject_of(*document);
  if (document.error().code != Errc::not_found) return document.error();
  Subject subject;
  subject.id = id;
  return subject;
}

Result<std::vector<store::DocumentWrite>> subject_writes(
    const store::Catalog& catalog, const Subject& before, const Subject& after, WallTime now,
    const std::function<std::string()>& make_id) {
  store::DocumentWrite own;
  own.kind = kPredictionKind;
  own.id = after.id;
  own.body = to_body(after);
  own.expected_revision = before.revision;
  std::vector<store::DocumentWrite> writes{std::move(own)};

  const std::vector<CountChange> changes = changes_between(before, after);
  auto counts = counts_touched(changes);
  if (const auto read = read_counts(catalog, counts); !read) return read.error();
  if (const auto applied = apply_changes(changes, counts); !applied) return applied.error();
  for (auto& [id, each] : counts) {
    for (store::DocumentWrite& write : writes_of(each, now, make_id)) {
      writes.push_back(std::move(write));
    }
  }
  return writes;
}

}  // namespace tallygate::registry
