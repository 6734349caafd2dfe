#pragma once
// The catalog's document of a target that is benched (kind "blacklisting", id = the target's name),
// whoever benched it. It is there until the target is pardoned or has recovered. Pure.

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "router/blacklist.h"
#include "store/catalog/catalog.h"

namespace tallygate::api {

inline constexpr std::string_view kBlacklistingKind = "blacklisting";

/// The attempt that benched it.
struct BlacklistingEvidence {
  std::string cause;         ///< code of an Errc
  std::uint16_t status = 0;  ///< upstream's, 0 = none came
  std::string request_id;
  WallTime at{};
  bool operator==(const BlacklistingEvidence&) const = default;
};

struct Blacklisting {
  std::string target;
  WallTime until{};
  std::string reason;  ///< may be empty
  std::string by;      ///< the actor; kByItself
  bool by_hand = false;
  std::uint32_t failures_in_row = 0;
  std::optional<BlacklistingEvidence> evidence;
  bool operator==(const Blacklisting&) const = default;
};
inline constexpr std::string_view kByItself = "tallygate";

/// Also the data of the event target.benched.
std::string render_blacklisting(const Blacklisting& blacklisting);
/// Errors: storage_corrupt, naming the document.
Result<Blacklisting> blacklisting_of(const store::Document& document);

/// "benched", "recovering", "cooling"; a fit target is listed for being "misconfigured".
std::string_view state_name(router::Standing standing);

/// null, or {"cause","status","request_id","at"}.
std::string render_evidence(const std::optional<BlacklistingEvidence>& evidence);

}  // namespace tallygate::api
