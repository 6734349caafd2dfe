#pragma once
// The catalog: the documents that people edit (versions, experiments, metrics, feedback, keys) with
// revisions, an audit trail and a feed of changes. Bodies are JSON text that the catalog does not
// read. A transaction is written and synced as a whole or not at all; unique keys and expected
// revisions are checked inside it. Calls block and are thread-safe; never on a worker's loop.
//
// The one place with inheritance: the engine is embedded (open_catalog) or a shared database.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "store/store_health.h"

namespace tallygate::store {

struct Document {
  std::string kind = {};       ///< "model_version", "ab_test", ...
  std::string id = {};         ///< unique within its kind; UUIDv7 text where nothing else names it
  std::uint64_t revision = 0;  ///< 1 when created, +1 with each write
  WallTime created = {};
  WallTime updated = {};
  std::string body = {};
};

/// Creates, replaces or (without a body) deletes one document.
struct DocumentWrite {
  std::string kind = {};
  std::string id = {};
  std::optional<std::string> body = {};
  std::vector<std::string> index_keys = {};  ///< "modelType=assistant": what list() filters by
  /// "default=assistant": at most one document of its kind has each.
  std::vector<std::string> unique_keys = {};
  bool forget = false;  ///< the audit trail tells of the write, but not what was and is
  /// 0 = must not exist yet; absent = whatever there is.
  std::optional<std::uint64_t> expected_revision = {};
};

/// The answer to a write with an Idempotency-Key, given again when the write comes again.
struct RememberedAnswer {
  std::string key = {};
  /// Of method, path and body: another one under this key is a conflict.
  std::string request_hash = {};
  unsigned status = 200;
  std::string body = {};
  WallTime at = {};
};

struct Transaction {
  std::vector<DocumentWrite> writes = {};
  std::string actor = {};   ///< who, for the audit trail
  std::string action = {};  ///< what, in a word or two: "make-default"
  WallTime now = {};        ///< the store reads no clock
  std::optional<RememberedAnswer> remember = {};
};

struct DocumentQuery {
  std::string kind = {};
  std::vector<std::string> index_keys = {};  ///< all of them must hold
  std::string after = {};                    ///< id of the last one seen; empty = from the start
  std::uint32_t limit = 50;
  bool newest_first = true;  ///< by id
  /// A page ends, and says that there is more, behind the body that takes it here.
  std::size_t most_bytes = std::size_t{8} << 20;
};

struct DocumentPage {
  std::vector<Document> documents = {};
  bool has_more = false;
};

/// One write of one document, as the audit trail keeps it.
struct AuditEntry {
  std::uint64_t number = 0;  ///< ascending over the whole catalog
  WallTime at = {};
  std::string actor = {};
  std::string action = {};
  std::string kind = {};
  std::string id = {};
  std::string before = {};  ///< body, empty = did not exist
  std::string after = {};   ///< body, empty = deleted
};

struct AuditQuery {
  std::string kind = {};  ///< with `id`: the history of one document; empty = everything
  std::string id = {};
  std::uint64_t before_number = UINT64_MAX;  ///< newest first, from here down
  std::uint32_t limit = 50;
};

class Catalog {
 public:
  virtual ~Catalog() = default;

  /// Errors: not_found.
  virtual Result<Document> find(std::string_view kind, std::string_view id) const = 0;
  virtual Result<DocumentPage> list(const DocumentQuery& query) const = 0;
  /// All documents of a kind, for building what is routed by.
  virtual Result<std::vector<Document>> all(std::string_view kind) const = 0;

  /// All writes or none, synced. Returns the written documents in order (deleted ones with an
  /// empty body). Errors: precondition_failed (a revision is not the expected one), conflict (a
  /// unique key is taken; `param` names the key, the message the document that has it; or the
  /// Idempotency-Key was used within 24 h), not_found (deleting what is not there),
  /// invalid_parameter (sizes: catalog_rules.h), storage_unavailable.
  /// Keys are given back before any is taken: documents may swap a unique key.
  virtual Result<std::vector<Document>> transact(const Transaction& transaction) = 0;

  /// nullopt = not seen within 24 h before `now`.
  virtual Result<std::optional<RememberedAnswer>> recall(std::string_view idempotency_key,
                                                         WallTime now) const = 0;
  virtual Result<std::vector<AuditEntry>> audit(const AuditQuery& query) const = 0;

  /// Called after each transaction, on the thread that made it, with what it wrote; it may write
  /// itself. Transactions of two threads may be told in either order.
  virtual void watch(std::function<void(const std::vector<Document>&)> changed) = 0;

  /// Removes entries of the audit trail older than `before`, the oldest first, at most `limit`;
  /// returns how many. An engine may keep them all.
  virtual Result<std::uint32_t> purge_audit(WallTime /*before*/, std::uint32_t /*limit*/) {
    return std::uint32_t{0};
  }

  /// An engine that never fails says nothing.
  virtual CatalogStatus status() const { return {}; }

  /// A consistent copy into `folder` (RocksDB BackupEngine: incremental). Returns its number.
  virtual Result<std::uint32_t> backup(const std::string& folder) = 0;
};

/// The embedded engine at `path`, created if missing. Errors: storage_unavailable, storage_corrupt,
/// with what to do.
Result<std::unique_ptr<Catalog>> open_catalog(const std::string& path);

}  // namespace tallygate::store
