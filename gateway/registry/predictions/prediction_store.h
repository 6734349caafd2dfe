#pragma once
// Predictions and running counts as the catalog has them. Reads may block.

#include <functional>
#include <string>
#include <vector>

#include "gateway/registry/predictions/prediction_counts.h"

namespace tallygate::registry {

/// An empty subject with revision 0 when nothing is stored. Errors: storage_unavailable,
/// storage_corrupt.
Result<Subject> find_subject(const store::Catalog& catalog, const std::string& id);

/// All writes that turn `before`, as it was read, into `after`: the subject, and the counts and
/// metrics of the periods that change. Each is guarded by the revision that was read, so when
/// another write came in between none is made and the caller begins anew.
Result<std::vector<store::DocumentWrite>> subject_writes(
    const store::Catalog& catalog, const Subject& before, const Subject& after, WallTime now,
    const std::function<std::string()>& make_id);

}  // namespace tallygate::registry
