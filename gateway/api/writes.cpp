#include "gateway/api/writes.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <mutex>

#include "config/yaml/scalars.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/timestamps.h"

namespace tallygate::api {
namespace {

constexpr int kMostDecisions = 4;
constexpr std::size_t kMaxIdempotencyKeyBytes = 255;

std::string etag_of(std::uint64_t revision) { return '"' + std::to_string(revision) + '"'; }

/// Of method, path with query, and body. The lengths keep one part from passing for another.
std::string request_hash(const AdminRequest& request) {
  std::string text(request.head.method_text);
  for (const std::string_view part : {request.head.path, request.head.query, request.body}) {
    text.append("\n").append(std::to_string(part.size())).append(" ").append(part);
  }
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return cursor_of({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

/// Empty = none was sent. Each caller has its own: nobody gets, or is kept from, what another one's
/// request was answered.
Result<std::string> idempotency_key(const AdminRequest& request, const AdminContext& context) {
  const std::string_view key = request.head.value_of("idempotency-key");
  const bool printable =
      std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  if (key.empty()) return std::string();
  if (key.size() <= kMaxIdempotencyKeyBytes && printable) {
    return context.actor + '\n' + std::string(key);
  }
  return make_error(Errc::invalid_parameter,
                    "An Idempotency-Key has 1 to 255 printable characters.", "idempotency-key");
}

AdminResponse replay(const store::RememberedAnswer& remembered) {
  AdminResponse response = json_answer(remembered.body, remembered.status);
  response.headers.emplace_back("Idempotency-Replayed", "true");
  boost::system::error_code failed;
  const auto body = boost::json::parse(remembered.body, failed);
  if (failed || !body.is_object()) return response;
  const auto* revision = body.get_object().if_contains("revision");
  if (revision != nullptr && revision->is_int64()) {
    response.headers.emplace_back("ETag",
                                  etag_of(static_cast<std::uint64_t>(revision->get_int64())));
  }
  return response;
}

/// The answer when the key was seen before.
Result<std::optional<AdminResponse>> recall(const store::Catalog& catalog, const std::string& key,
                                            const std::string& hash, WallTime now) {
  if (key.empty()) return std::optional<AdminResponse>();
  auto remembered = catalog.recall(key, now);
  if (!remembered) return remembered.error();
  if (!*remembered) return std::optional<AdminResponse>();
  if ((*remembered)->request_hash == hash) return std::optional(replay(**remembered));
  return make_error(
      Errc::conflict,
      "This Idempotency-Key belongs to another request (method, path or body differ); "
      "take a new key for a new request.",
      "idempotency-key");
}

store::Transaction transaction_of(const Change& change, const AdminContext& context,
                                  const std::string& key, const std::string& hash) {
  store::Transaction transaction{.writes = change.writes,
                                 .actor = context.actor,
                                 .action = change.action,
                                 .now = context.now,
                                 .remember = std::nullopt};
  if (!key.empty()) {
    const std::string& body = change.body_to_remember ? *change.body_to_remember : change.body;
    transaction.remember = store::RememberedAnswer{
        .key = key, .request_hash = hash, .status = change.status, .body = body, .at = context.now};
  }
  return transaction;
}

struct Written {
  std::optional<AdminResponse> replayed;
  Change change;
};

Result<Written> write_once(const AdminRequest& request, const AdminContext& context,
                           const Decide& decide) {
  // One decision at a time: two requests with one key are one write, and what a decision read
  // rarely changes under it. Writers that do not come by here are caught by the revisions.
  static std::mutex deciding;
  const std::lock_guard lock(deciding);
  const auto key = idempotency_key(request, context);
  if (!key) return key.error();
  const std::string hash = request_hash(request);
  auto replayed = recall(*context.catalog, *key, hash, context.now);
  if (!replayed) return replayed.error();
  if (*replayed) return Written{std::move(*replayed), {}};
  for (int i = 0; i < kMostDecisions; ++i) {
    Result<Change> change = decide(*context.catalog);
    if (!change) return change.error();
    if (change->writes.empty() && key->empty()) return Written{{}, std::move(*change)};
    const auto written = context.catalog->transact(transaction_of(*change, context, *key, hash));
    if (written) return Written{{}, std::move(*change)};
    if (written.error().code != Errc::precondition_failed) return written.error();
  }
  return make_error(Errc::conflict, "Others keep changing the same documents: try again.");
}

/// Whether an If-Match names `revision`; nullopt = it is not an If-Match.
std::optional<bool> names_revision(std::string_view if_match, std::uint64_t revision) {
  bool found = false;
  while (!if_match.empty()) {
    std::string_view tag = if_match.substr(0, if_match.find(','));
    if_match.remove_prefix(std::min(tag.size() + 1, if_match.size()));
    while (tag.starts_with(' ')) tag.remove_prefix(1);
    while (tag.ends_with(' ')) tag.remove_suffix(1);
    if (tag.starts_with("W/\"")) tag.remove_prefix(2);
    if (tag.size() >= 2 && tag.starts_with('"') && tag.ends_with('"')) {
      tag = tag.substr(1, tag.size() - 2);
    }
    const auto number = config::yaml::parse_whole(tag);
    if (!number && tag != "*") return std::nullopt;
    found = found || tag == "*" || *number == revision;
  }
  return found;
}

}  // namespace

AdminResponse answer_write(const AdminRequest& request, const AdminContext& context,
                           const Decide& decide) {
  if (const auto catalog = catalog_of(context); !catalog) {
    return error_answer(request, catalog.error());
  }
  Result<Written> written = write_once(request, context, decide);
  if (!written) return error_answer(request, written.error());
  if (written->replayed) return std::move(*written->replayed);
  Change& change = written->change;
  if (change.changes_routing && context.publish) {
    if (const auto published = context.publish(); !published) {
      Error error = published.error();
      error.message =
          "The change is stored, but the workers could not take it up: " + error.message;
      return error_answer(request, error);
    }
  }
  if (change.changes_keys && context.publish_keys) context.publish_keys();
  if (context.announce) {
    for (const auto& [name, data] : change.events) context.announce(name, data);
  }
  AdminResponse response = document_answer(std::move(change.body), change.revision);
  response.status = change.status;
  return response;
}

AdminResponse answer_write(const AdminRequest& request, const AdminContext& context,
                           const Fields& fields, const DecideBody& decide) {
  const auto body = read_body(request, fields);
  if (!body) return error_answer(request, body.error());
  return answer_write(request, context,
                      [&](const store::Catalog& catalog) { return decide(*body, catalog); });
}

Result<void> check_if_match(const AdminRequest& request, std::uint64_t revision) {
  const std::string_view if_match = request.head.value_of("if-match");
  if (if_match.empty()) return {};
  const auto names = names_revision(if_match, revision);
  if (!names) {
    return make_error(Errc::invalid_parameter,
                      "If-Match is the revision that the document had, such as \"3\".", "if-match");
  }
  if (*names) return {};
  return make_error(Errc::precondition_failed,
                    "The document is at revision " + std::to_string(revision) +
                        " by now: read it again, and send If-Match with that.",
                    "if-match");
}

Result<const store::Catalog*> catalog_of(const AdminContext& context) {
  if (context.catalog != nullptr) return static_cast<const store::Catalog*>(context.catalog);
  return make_error(Errc::storage_unavailable,
                    "The catalog is not open, so documents can be neither read nor written; the "
                    "log says why.");
}

void add_document_fields(JsonText& json, std::string_view id, WallTime created, WallTime updated,
                         std::uint64_t revision) {
  json.add("id", id);
  json.add("createdAt", render_rfc3339(created));
  json.add("updatedAt", render_rfc3339(updated));
  json.add("revision", revision);
}

AdminResponse document_answer(std::string body, std::uint64_t revision) {
  AdminResponse response = json_answer(std::move(body));
  if (revision != 0) response.headers.emplace_back("ETag", etag_of(revision));
  return response;
}

Result<store::DocumentQuery> document_query(std::string_view kind, const Query& query) {
  Result<Paging> paging = parse_paging(query);
  if (!paging) return paging.error();
  store::DocumentQuery asked;
  asked.kind = kind;
  asked.after = std::move(paging->after);
  asked.limit = paging->limit;
  return asked;
}

std::string render_page(const std::vector<std::string>& items, bool has_more,
                        std::string_view last_key) {
  JsonText json;
  json.open('{');
  json.open("data", '[');
  for (const std::string& item : items) json.add_raw(item);
  json.close(']');
  json.add("has_more", has_more);
  json.add_name("next_cursor", has_more ? cursor_of(last_key) : std::string());
  json.close('}');
  return json.take();
}

AdminResponse page_answer(
    const AdminRequest& request, const Result<store::DocumentPage>& page,
    const std::function<Result<std::string>(const store::Document&)>& render) {
  if (!page) return error_answer(request, page.error());
  std::vector<std::string> items;
  for (const store::Document& document : page->documents) {
    Result<std::string> item = render(document);
    if (!item) return error_answer(request, item.error());
    items.push_back(std::move(*item));
  }
  const std::string last = page->documents.empty() ? std::string() : page->documents.back().id;
  return json_answer(render_page(items, page->has_more, last));
}

}  // namespace tallygate::api
