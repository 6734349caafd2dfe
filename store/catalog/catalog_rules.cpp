#include "store/catalog/catalog_rules.h"

#include "store/catalog/catalog_keys.h"

namespace tallygate::store {
namespace {

std::string name_of(const DocumentWrite& write) { return write.kind + " '" + write.id + "'"; }

Result<void> check_size(const char* what, std::string_view text, std::size_t min, std::size_t max) {
  if (text.size() >= min && text.size() <= max) return {};
  return make_error(Errc::invalid_parameter,
                    std::string(what) + " has " + std::to_string(text.size()) +
                        " bytes; it must have " + std::to_string(min) + " to " +
                        std::to_string(max),
                    what);
}

Result<void> check_sizes(const DocumentWrite& write) {
  if (auto fits = check_size("kind", write.kind, 1, kMaxKeyBytes); !fits) return fits;
  if (auto fits = check_size("id", write.id, 1, kMaxKeyBytes); !fits) return fits;
  if (write.body) {
    if (auto fits = check_size("body", *write.body, 1, kMaxBodyBytes); !fits) return fits;
  }
  for (const auto* keys : {&write.index_keys, &write.unique_keys}) {
    if (keys->size() > kMaxKeysOfADocument) {
      return make_error(Errc::invalid_parameter, name_of(write) + " has " +
                                                     std::to_string(keys->size()) +
                                                     " keys to be found by; it may have " +
                                                     std::to_string(kMaxKeysOfADocument));
    }
    for (const auto& key : *keys) {
      if (auto fits = check_size("key", key, 1, kMaxKeyBytes); !fits) return fits;
    }
  }
  return {};
}

Result<void> check_revision(const std::optional<StoredDocument>& current,
                            const DocumentWrite& write) {
  const std::uint64_t revision = current ? current->revision : 0;
  if (!write.expected_revision || *write.expected_revision == revision) return {};
  const std::string is =
      current ? " is at revision " + std::to_string(revision) : " does not exist";
  const std::string expects =
      *write.expected_revision == 0
          ? "the write expects that it does not exist"
          : "the write expects revision " + std::to_string(*write.expected_revision);
  return make_error(Errc::precondition_failed,
                    name_of(write) + is + ", but " + expects + "; read it again and decide anew");
}

}  // namespace

Result<void> check_sizes(const Transaction& transaction) {
  if (transaction.writes.size() > kMaxWritesOfATransaction) {
    return make_error(Errc::invalid_parameter,
                      "a transaction of " + std::to_string(transaction.writes.size()) +
                          " writes; it may have " + std::to_string(kMaxWritesOfATransaction));
  }
  for (const DocumentWrite& write : transaction.writes) {
    if (auto fits = check_sizes(write); !fits) return fits;
  }
  if (auto fits = check_size("actor", transaction.actor, 0, kMaxKeyBytes); !fits) return fits;
  if (auto fits = check_size("action", transaction.action, 0, kMaxKeyBytes); !fits) return fits;
  if (!transaction.remember) return {};
  if (auto fits = check_size("Idempotency-Key", transaction.remember->key, 1, kMaxKeyBytes);
      !fits) {
    return fits;
  }
  return check_size("answer", transaction.remember->body, 0, kMaxBodyBytes);
}

Result<std::optional<StoredDocument>> apply_write(const std::optional<StoredDocument>& current,
                                                  const DocumentWrite& write, WallTime now) {
  if (!write.body && !current) {
    return make_error(Errc::not_found, name_of(write) + " does not exist: nothing to delete");
  }
  if (auto fits = check_revision(current, write); !fits) return fits.error();
  if (!write.body) return std::optional<StoredDocument>();
  return std::optional(StoredDocument{.revision = (current ? current->revision : 0) + 1,
                                      .created = current ? current->created : now,
                                      .updated = now,
                                      .body = *write.body,
                                      .index_keys = write.index_keys,
                                      .unique_keys = write.unique_keys});
}

Document document_of(std::string_view kind, std::string_view id, StoredDocument stored) {
  return {.kind = std::string(kind),
          .id = std::string(id),
          .revision = stored.revision,
          .created = stored.created,
          .updated = stored.updated,
          .body = std::move(stored.body)};
}

}  // namespace tallygate::store
