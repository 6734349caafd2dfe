#include "gateway/access/key_table.h"

#include <openssl/crypto.h>

#include <algorithm>

namespace tallygate::access {
namespace {

constexpr std::string_view kAutoPools = "auto";

Key make_key(const registry::ClientKey& from, KeyUses& uses, const KeyTable::Intern& intern) {
  Key key;
  key.id = from.id;
  key.actor = "key " + from.name;
  key.role = from.role;
  key.all_routes = key.auto_pools = from.routes.empty();
  for (const std::string& route : from.routes) {
    if (route == kAutoPools) {
      key.auto_pools = true;
    } else {
      key.routes.push_back(intern(route));
    }
  }
  std::sort(key.routes.begin(), key.routes.end());
  key.requests = {from.requests_per_minute};
  key.tokens = {from.tokens_per_minute};
  key.concurrency = from.concurrency;
  key.use = uses.of(from.id);
  return key;
}

}  // namespace

bool Key::may_use(router::NameId route) const {
  return all_routes || std::binary_search(routes.begin(), routes.end(), route);
}

KeyTable::KeyTable(std::span<const registry::ClientKey> keys, const KeyHasher& hasher,
                   KeyUses& uses, const Intern& intern)
    : hasher_(hasher) {
  uses.forget_unused();
  keys_.reserve(keys.size());  // entries point at them
  for (const registry::ClientKey& from : keys) {
    const Key& key = keys_.emplace_back(make_key(from, uses, intern));
    const WallTime end = from.expires.value_or(WallTime::max());
    add(from.secret, end, key);
    if (from.previous) add(*from.previous, std::min(end, from.previous_until), key);
  }
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) { return a.hash < b.hash; });
}

void KeyTable::add(const registry::KeySecret& secret, WallTime until, const Key& key) {
  if (secret.pepper_id != hasher_.pepper_id()) {
    ++unusable_;
  } else {
    entries_.push_back({secret.hash, until, &key});
  }
}

const KeyTable::Entry* KeyTable::find(std::string_view token) const {
  static constexpr Entry kNobody{};
  const registry::KeyHash hash = hasher_.hash(token);
  const auto at = std::lower_bound(
      entries_.begin(), entries_.end(), hash,
      [](const Entry& entry, const registry::KeyHash& wanted) { return entry.hash < wanted; });
  const Entry& nearest = at == entries_.end() ? kNobody : *at;
  const bool same = CRYPTO_memcmp(nearest.hash.data(), hash.data(), hash.size()) == 0;
  return same && nearest.key != nullptr ? &nearest : nullptr;
}

const Key* find_key(const KeyTable* table, std::string_view token, WallTime now) {
  if (table == nullptr || !is_token_form(token)) return nullptr;
  const KeyTable::Entry* entry = table->find(token);
  return entry != nullptr && now < entry->valid_until ? entry->key : nullptr;
}

}  // namespace tallygate::access
