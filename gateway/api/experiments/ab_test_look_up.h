#pragma once
// What is asked of A/B tests without changing them: the report, the variant of a unit, the preview
// of a split.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gateway/api/admin.h"
#include "gateway/api/shapes/fields.h"
#include "gateway/registry/experiments/ab_test_evidence.h"

namespace tallygate::api {

/// GET /api/v1/ab-tests/{id}
AdminResponse answer_report(const AdminRequest& request, std::string_view id,
                            const AdminContext& context);
std::span<const Field> report_fields();

/// GET /api/v1/ab-tests/user/variant
AdminResponse answer_user_variant(const AdminRequest& request, std::string_view,
                                  const AdminContext& context);
/// {"test_id","variant","version"}, or null where `unit` is in no active test of the model type.
/// Counts nothing. Also for applications, about their own unit.
Result<std::string> user_variant(const store::Catalog& catalog, const std::string& model_type,
                                 std::string_view unit);

/// GET /api/v1/ab-tests/{id}/preview
AdminResponse answer_preview(const AdminRequest& request, std::string_view id,
                             const AdminContext& context);

/// What was counted for `test`: also for registry::look_at(), at each tick.
Result<registry::AbTestCounts> counts_of(const AdminContext& context, const registry::AbTest& test);

}  // namespace tallygate::api
