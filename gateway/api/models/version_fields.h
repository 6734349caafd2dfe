#pragma once
// What requests and answers about model versions hold, and the way between them and a ModelVersion.
// Pure.

#include "gateway/api/models/versions.h"

namespace tallygate::api {

extern const Fields kNewVersionFields;
extern const Fields kVersionPatchFields;
extern const Fields kVersionPageFields;
extern const Fields kRollbackFields;
extern const Fields kVersionHistoryFields;

/// Puts what `body`, which read_body() let pass, says over `version`.
void merge_version(const boost::json::object& body, registry::ModelVersion& version);

/// Without the document's own fields: as the history shows it.
std::string render_version_content(const registry::ModelVersion& version);

}  // namespace tallygate::api
