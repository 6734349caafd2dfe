#pragma once
// All client keys as workers and the admin listener look them up: immutable, sorted by hash, part
// of every view; replaced whole when the catalog's keys change.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "gateway/access/key_hash.h"
#include "gateway/access/key_use.h"
#include "router/rate_limit.h"
#include "router/record.h"

namespace tallygate::access {

/// What a key allows.
struct Key {
  std::string id;     ///< also the unit of requests that have no other
  std::string actor;  ///< for the audit trail: "key NAME"
  registry::KeyRole role = registry::KeyRole::application;
  bool all_routes = true;
  bool auto_pools = true;              ///< may leave the choice to an auto pool
  std::vector<router::NameId> routes;  ///< sorted, unless all_routes
  router::RateLimit requests;
  router::RateLimit tokens;
  std::uint32_t concurrency = 0;  ///< 0 = no limit
  std::shared_ptr<KeyUse> use;

  bool may_use(router::NameId route) const;
};

class KeyTable {
 public:
  using Intern = std::function<router::NameId(std::string_view)>;

  KeyTable(std::span<const registry::ClientKey> keys, const KeyHasher& hasher, KeyUses& uses,
           const Intern& intern);

  /// One way to get in: a key (two while it is rotated), until it expires.
  struct Entry {
    registry::KeyHash hash;
    WallTime valid_until;
    const Key* key;
  };
  /// Null: no key of this gate, or none any more. Hashes `token` and compares whole hashes, the
  /// same way whether it is there or not; what it finds is for the caller to check against the
  /// time.
  const Entry* find(std::string_view token) const;

  bool empty() const { return entries_.empty(); }
  /// Keys whose hash needs another pepper than the one at hand: they cannot work.
  std::size_t unusable() const { return unusable_; }

 private:
  void add(const registry::KeySecret& secret, WallTime until, const Key& key);

  KeyHasher hasher_;
  std::vector<Key> keys_;
  std::vector<Entry> entries_;  ///< sorted by hash
  std::size_t unusable_ = 0;
};

/// What views hold; never null in a running gate.
using KeyTablePtr = std::shared_ptr<const KeyTable>;

/// The key that `token` opens with at `now`, or null. `table` may be null.
const Key* find_key(const KeyTable* table, std::string_view token, WallTime now);

}  // namespace tallygate::access
