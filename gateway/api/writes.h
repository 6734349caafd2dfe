#pragma once
// What all endpoints that write documents share. An endpoint decides, from what it reads, which
// documents are written and what is answered; here that happens once (Idempotency-Key), on the
// revision that was read (If-Match), synced before the answer, and in force before it too.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/api/admin.h"
#include "gateway/api/shapes/fields.h"
#include "gateway/api/shapes/json_text.h"
#include "gateway/api/shapes/query.h"

namespace tallygate::api {

/// Writes that were decided on. Those of documents that were read carry expected_revision (0 = was
/// not there), so that a decision on something stale is not written.
struct Change {
  std::vector<store::DocumentWrite> writes = {};
  std::string action = {};  ///< for the audit trail, in a word or two
  unsigned status = 200;
  std::string body = {};       ///< of the answer: JSON
  std::uint64_t revision = 0;  ///< of the document in the answer, for ETag; 0 = none
  bool changes_routing = false;
  bool changes_keys = false;
  /// Answers a repetition with the same Idempotency-Key in place of `body`: one without what must
  /// not be stored.
  std::optional<std::string> body_to_remember = {};
  /// Shown at /-/events once all of it holds: names and JSON objects.
  std::vector<std::pair<std::string, std::string>> events = {};
};

/// `after` is the document that `change` leaves, with the revision that was read (0 = it is new).
template <class Document>
void take_next_revision(Document& after, Change& change, WallTime now) {
  if (after.revision == 0) {
    after.created = now;
    change.status = 201;
  }
  after.updated = now;
  change.revision = ++after.revision;
}

/// Is called again when another write came in between; so it reads all it decides by itself.
using Decide = std::function<Result<Change>(const store::Catalog&)>;

/// Recalls, decides, writes, publishes, announces, answers. 503 without a catalog; 409 when the
/// Idempotency-Key was another request's. An error of `decide` is the answer.
AdminResponse answer_write(const AdminRequest& request, const AdminContext& context,
                           const Decide& decide);

/// The same for a request whose body must fit `fields`; `decide` gets it.
using DecideBody =
    std::function<Result<Change>(const boost::json::object& body, const store::Catalog&)>;
AdminResponse answer_write(const AdminRequest& request, const AdminContext& context,
                           const Fields& fields, const DecideBody& decide);

/// precondition_failed unless If-Match (`3`, `"3"`, `W/"3"`, `*`, a list) names `revision` or is
/// absent; invalid_parameter when it is none of these.
Result<void> check_if_match(const AdminRequest& request, std::uint64_t revision);

/// Errors: storage_unavailable.
Result<const store::Catalog*> catalog_of(const AdminContext& context);

/// The document's own fields, in the answer and in its table.
void add_document_fields(JsonText& json, std::string_view id, WallTime created, WallTime updated,
                         std::uint64_t revision);
inline constexpr Field kIdField{.name = "id", .required = true};
inline constexpr Field kCreatedField{
    .name = "createdAt", .type = FieldType::timestamp, .required = true, .nullable = true};
inline constexpr Field kUpdatedField{
    .name = "updatedAt", .type = FieldType::timestamp, .required = true, .nullable = true};
inline constexpr Field kRevisionField{
    .name = "revision", .type = FieldType::integer, .required = true, .min = 0};

/// 200 with an ETag; revision 0 = none.
AdminResponse document_answer(std::string body, std::uint64_t revision);

/// The page of `kind` that `limit` and `cursor` ask for, newest first.
Result<store::DocumentQuery> document_query(std::string_view kind, const Query& query);
/// {"data":[..],"has_more","next_cursor"}; `last_key` is of the last item, or empty.
std::string render_page(const std::vector<std::string>& items, bool has_more,
                        std::string_view last_key);
/// `render` makes an item of a document.
AdminResponse page_answer(const AdminRequest& request, const Result<store::DocumentPage>& page,
                          const std::function<Result<std::string>(const store::Document&)>& render);

}  // namespace tallygate::api
