#pragma once
// What was said about one answer: a document of the catalog (kind "feedback", id = the request's),
// so that there is one of each request. The last opinion counts, those before it are kept. What the
// record says of the request is copied, for records expire before feedback does. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "improve/feedback/rating.h"
#include "store/catalog/catalog.h"

namespace tallygate::improve {

inline constexpr std::string_view kFeedbackKind = "feedback";
inline constexpr std::size_t kMaxCommentBytes = std::size_t{16} << 10;
inline constexpr std::size_t kMaxCorrectionBytes = std::size_t{64} << 10;
inline constexpr std::size_t kMaxTags = 16;
inline constexpr std::size_t kMaxTagBytes = 64;
inline constexpr std::size_t kMaxEarlier = 10;
inline constexpr std::size_t kMaxEarlierBytes = std::size_t{128} << 10;  ///< of their texts

struct Opinion {
  std::string id;  ///< told to the client as `feedback_id`
  WallTime at{};
  std::string actor;  ///< of the key that brought it
  Rating rating;
  std::string comment;     ///< as it came: whoever shows it escapes it
  std::string correction;  ///< what the answer should have been
  std::vector<std::string> tags;
};

/// Of the request's record: names, empty = none.
struct RatedRequest {
  std::string id;
  std::string response_id;
  std::string model;  ///< the route
  std::string version;
  std::string target;
  std::string experiment;
  std::string variant;  ///< that was assigned
  std::uint32_t epoch = 0;
  WallTime at{};
};

struct Feedback {
  RatedRequest request;
  Opinion last;
  std::vector<Opinion> earlier;  ///< newest first, as many as both limits allow
  std::uint64_t revision = 0;    ///< how many opinions there were; 0 = not stored yet
};

/// Errors: body_too_large for a comment or a correction, invalid_parameter for tags.
Result<void> check_opinion(const Opinion& opinion);

/// Whether both say the same, whenever and by whom.
bool says_the_same(const Opinion& one, const Opinion& other);

/// `opinion` counts from now on. `before` is the request's feedback, or nothing but its request.
Feedback with_opinion(Feedback before, Opinion opinion);

std::string to_body(const Feedback& feedback);
/// Errors: storage_corrupt.
Result<Feedback> feedback_of(const store::Document& document);

/// "model=..", "version=..", "experiment=..": what lists are filtered by.
std::vector<std::string> index_keys_of(const Feedback& feedback);

}  // namespace tallygate::improve
