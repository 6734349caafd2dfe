#pragma once
// A catalog that keeps everything in memory and its promises: revisions, unique keys, index keys,
// audit, remembered answers. Any call can be made to fail. One thread.

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "store/catalog/catalog.h"

namespace tallygate::testing {

class MemoryCatalog final : public store::Catalog {
 public:
  Result<store::Document> find(std::string_view kind, std::string_view id) const override {
    if (failure) return *failure;
    const auto found = documents_.find({std::string(kind), std::string(id)});
    if (found != documents_.end()) return found->second.document;
    return make_error(Errc::not_found, "There is no " + std::string(kind) + " with this id.", "id");
  }

  Result<store::DocumentPage> list(const store::DocumentQuery& query) const override {
    if (failure) return *failure;
    store::DocumentPage page;
    std::size_t bytes = 0;
    std::vector<store::Document> matching = matches(query.kind, query.index_keys);
    if (query.newest_first) std::reverse(matching.begin(), matching.end());
    for (store::Document& document : matching) {
      const bool seen = !query.after.empty() && (query.newest_first ? document.id >= query.after
                                                                    : document.id <= query.after);
      if (seen) continue;
      if (page.documents.size() == query.limit || bytes >= query.most_bytes) {
        page.has_more = true;
        break;
      }
      bytes += document.body.size();
      page.documents.push_back(std::move(document));
    }
    return page;
  }

  Result<std::vector<store::Document>> all(std::string_view kind) const override {
    if (failure) return *failure;
    return matches(kind, {});
  }

  Result<std::vector<store::Document>> transact(const store::Transaction& transaction) override {
    if (failure) return *failure;
    if (before_transact) std::exchange(before_transact, nullptr)();
    Documents next = documents_;
    std::vector<store::Document> written;
    std::vector<store::AuditEntry> entries;
    for (const store::DocumentWrite& write : transaction.writes) {
      Result<store::Document> document = apply(next, write, transaction, entries);
      if (!document) return document.error();
      written.push_back(std::move(*document));
    }
    if (auto unique = check_unique(next); !unique) return unique.error();
    documents_ = std::move(next);
    for (store::AuditEntry& entry : entries) {
      entry.number = audit_.size() + 1;
      audit_.push_back(std::move(entry));
    }
    if (transaction.remember) remembered_[transaction.remember->key] = *transaction.remember;
    ++transactions;
    for (const auto& watcher : watchers_) watcher(written);
    return written;
  }

  Result<std::optional<store::RememberedAnswer>> recall(std::string_view key,
                                                        WallTime now) const override {
    if (failure) return *failure;
    const auto found = remembered_.find(std::string(key));
    const bool fresh =
        found != remembered_.end() && now - found->second.at < std::chrono::hours{24};
    return fresh ? std::optional(found->second) : std::nullopt;
  }

  Result<std::vector<store::AuditEntry>> audit(const store::AuditQuery& query) const override {
    if (failure) return *failure;
    std::vector<store::AuditEntry> entries;
    for (auto entry = audit_.rbegin(); entry != audit_.rend(); ++entry) {
      if (entries.size() == query.limit) break;
      if (entry->number >= query.before_number) continue;
      if (!query.kind.empty() && entry->kind != query.kind) continue;
      if (!query.id.empty() && entry->id != query.id) continue;
      entries.push_back(*entry);
    }
    return entries;
  }

  void watch(std::function<void(const std::vector<store::Document>&)> changed) override {
    watchers_.push_back(std::move(changed));
  }

  Result<std::uint32_t> backup(const std::string& folder) override {
    if (failure) return *failure;
    backups.push_back(folder);
    return static_cast<std::uint32_t>(backups.size());
  }

  std::optional<Error> failure;           ///< of every call from now on
  std::function<void()> before_transact;  ///< once: what another writer does in between
  int transactions = 0;
  std::vector<std::string> backups;

 private:
  struct Kept {
    store::Document document;
    std::vector<std::string> index_keys;
    std::vector<std::string> unique_keys;
  };
  using Documents = std::map<std::pair<std::string, std::string>, Kept>;

  /// Oldest id first.
  std::vector<store::Document> matches(std::string_view kind,
                                       const std::vector<std::string>& keys) const {
    std::vector<store::Document> matching;
    for (const auto& [name, kept] : documents_) {
      if (name.first != kind) continue;
      const std::vector<std::string>& has = kept.index_keys;
      const bool fits = std::all_of(keys.begin(), keys.end(), [&has](const std::string& key) {
        return std::count(has.begin(), has.end(), key) > 0;
      });
      if (fits) matching.push_back(kept.document);
    }
    return matching;
  }

  static Result<store::Document> apply(Documents& documents, const store::DocumentWrite& write,
                                       const store::Transaction& transaction,
                                       std::vector<store::AuditEntry>& entries) {
    const std::pair name{write.kind, write.id};
    const auto known = documents.find(name);
    const bool exists = known != documents.end();
    const std::uint64_t revision = exists ? known->second.document.revision : 0;
    if (!write.body && !exists) return make_error(Errc::not_found, "nothing to delete");
    if (write.expected_revision && *write.expected_revision != revision) {
      return make_error(Errc::precondition_failed,
                        write.id + " is at revision " + std::to_string(revision));
    }
    store::Document document{.kind = write.kind,
                             .id = write.id,
                             .revision = revision + 1,
                             .created = exists ? known->second.document.created : transaction.now,
                             .updated = transaction.now,
                             .body = write.body.value_or("")};
    entries.push_back({.number = 0,
                       .at = transaction.now,
                       .actor = transaction.actor,
                       .action = transaction.action,
                       .kind = write.kind,
                       .id = write.id,
                       .before = exists && !write.forget ? known->second.document.body : "",
                       .after = write.forget ? "" : document.body});
    if (write.body) {
      documents[name] = {document, write.index_keys, write.unique_keys};
    } else {
      documents.erase(known);
    }
    return document;
  }

  /// Of the state after all writes, so that two documents may swap a key.
  static Result<void> check_unique(const Documents& documents) {
    std::map<std::pair<std::string, std::string>, std::string> owners;
    for (const auto& [name, kept] : documents) {
      for (const std::string& key : kept.unique_keys) {
        const auto [owner, fresh] = owners.try_emplace({name.first, key}, name.second);
        if (!fresh) {
          return make_error(Errc::conflict, name.first + " '" + owner->second + "' has " + key,
                            key);
        }
      }
    }
    return {};
  }

  Documents documents_;
  std::vector<store::AuditEntry> audit_;
  std::map<std::string, store::RememberedAnswer> remembered_;
  std::vector<std::function<void(const std::vector<store::Document>&)>> watchers_;
};

}  // namespace tallygate::testing
