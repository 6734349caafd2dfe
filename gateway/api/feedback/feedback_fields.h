#pragma once
// The shapes of /v1/feedback, in and out.

#include <string>

#include "gateway/api/shapes/fields.h"
#include "improve/feedback/feedback.h"

namespace tallygate::api {

extern const Fields kNewFeedbackFields;
extern const Fields kGivenFeedbackFields;
extern const Fields kFeedbackFields;
extern const Fields kFeedbackPageFields;

/// A body that fits kNewFeedbackFields. Errors: those of improve::parse_rating and check_opinion.
Result<improve::Opinion> parse_opinion(const boost::json::object& body);

/// As kFeedbackFields says. Texts of people are there as they came, as JSON strings.
std::string render_feedback(const improve::Feedback& feedback);

}  // namespace tallygate::api
