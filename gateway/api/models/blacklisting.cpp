#include "gateway/api/models/blacklisting.h"

#include <boost/json.hpp>

#include "gateway/api/shapes/body_members.h"
#include "gateway/api/shapes/json_body.h"
#include "gateway/api/shapes/json_text.h"
#include "gateway/api/shapes/timestamps.h"

namespace tallygate::api {
namespace {

namespace json = boost::json;

template <class T>
T whole_in(const json::object& body, std::string_view key) {
  const auto* value = body.if_contains({key.data(), key.size()});
  if (value == nullptr || !value->is_int64() || value->get_int64() < 0) return 0;
  return static_cast<T>(std::min<std::int64_t>(value->get_int64(), std::numeric_limits<T>::max()));
}

std::optional<BlacklistingEvidence> evidence_in(const json::object& body) {
  const auto* value = body.if_contains("evidence");
  if (value == nullptr || !value->is_object()) return std::nullopt;
  const json::object& members = value->get_object();
  return BlacklistingEvidence{
      text_in(members, "cause").value_or(""), whole_in<std::uint16_t>(members, "status"),
      text_in(members, "request_id").value_or(""),
      parse_rfc3339(text_in(members, "at").value_or("")).value_or(WallTime{})};
}

}  // namespace

std::string_view state_name(router::Standing standing) {
  switch (standing) {
    case router::Standing::fit: return "misconfigured";
    case router::Standing::benched: return "benched";
    case router::Standing::cooling: return "cooling";
    case router::Standing::recovering: return "recovering";
  }
  return "benched";
}

std::string render_evidence(const std::optional<BlacklistingEvidence>& evidence) {
  if (!evidence) return "null";
  JsonText text;
  text.open('{');
  text.add("cause", evidence->cause);
  if (evidence->status == 0) {
    text.add_raw("status", "null");
  } else {
    text.add("status", std::uint64_t{evidence->status});
  }
  text.add_name("request_id", evidence->request_id);
  text.add("at", render_rfc3339(evidence->at));
  text.close('}');
  return text.take();
}

std::string render_blacklisting(const Blacklisting& blacklisting) {
  JsonText text;
  text.open('{');
  text.add("target", blacklisting.target);
  text.add("until", render_rfc3339(blacklisting.until));
  text.add_name("reason", blacklisting.reason);
  text.add("by", blacklisting.by);
  text.add("by_hand", blacklisting.by_hand);
  text.add("failures_in_row", std::uint64_t{blacklisting.failures_in_row});
  text.add_raw("evidence", render_evidence(blacklisting.evidence));
  text.close('}');
  return text.take();
}

Result<Blacklisting> blacklisting_of(const store::Document& document) {
  const auto body = parse_json(document.body);
  const auto until = body && body->is_object()
                         ? parse_rfc3339(text_in(body->get_object(), "until").value_or(""))
                         : std::nullopt;
  if (!until) {
    return make_error(Errc::storage_corrupt,
                      "the catalog's blacklisting of `" + document.id + "` cannot be read");
  }
  const json::object& members = body->get_object();
  const auto* by_hand = members.if_contains("by_hand");
  Blacklisting blacklisting;
  blacklisting.target = document.id;
  blacklisting.until = *until;
  blacklisting.reason = text_in(members, "reason").value_or("");
  blacklisting.by = text_in(members, "by").value_or("");
  // Once there were benches by hand only.
  blacklisting.by_hand = by_hand == nullptr || !by_hand->is_bool() || by_hand->get_bool();
  blacklisting.failures_in_row = whole_in<std::uint32_t>(members, "failures_in_row");
  blacklisting.evidence = evidence_in(members);
  return blacklisting;
}

}  // namespace tallygate::api
