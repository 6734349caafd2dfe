#pragma once
// POST /api/v1/ab-tests/{id}/metrics: values of a metric of the application's own, kept as running
// sums (gateway/registry/metrics/custom_metric.h).

#include "gateway/api/admin.h"
#include "gateway/api/shapes/fields.h"

namespace tallygate::api {

AdminResponse answer_add_metric(const AdminRequest& request, std::string_view id,
                                const AdminContext& context);
extern const Fields kNewMetricValue;
extern const Fields kMetricValue;

}  // namespace tallygate::api
