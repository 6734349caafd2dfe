#pragma once
// POST /api/backup {folder}: a consistent copy of catalog and journal, beside the running gate.

#include "gateway/api/admin.h"
#include "gateway/api/shapes/fields.h"

namespace tallygate::api {

extern const Fields kNewBackup;
extern const Fields kBackup;

/// 201 with the backup. 400: a folder that is no absolute path or is in the store; 503: it cannot
/// be written, or another backup into it is under way.
AdminResponse answer_backup(const AdminRequest& request, std::string_view segment,
                            const AdminContext& context);

}  // namespace tallygate::api
