#pragma once
// Keys for tests: tokens in order, and tables of them.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gateway/access/key_book.h"
#include "gateway/access/key_table.h"
#include "store/journal/names.h"

namespace tallygate::access {

/// Every draw is another one, and the same in every run.
inline RandomBytes counting_bytes() {
  return [next = std::uint8_t{0}](std::span<std::uint8_t> bytes) mutable {
    std::fill(bytes.begin(), bytes.end(), ++next);
  };
}

struct Keys {
  RandomBytes random = counting_bytes();
  KeyBook book{KeyHasher(Pepper{9, 9, 9}), random};
  store::Names names;
  std::vector<registry::ClientKey> documents;

  /// Its token; the document may be changed until the table is made.
  std::string add(const std::string& name, registry::KeyRole role = {}) {
    const std::string token = make_token(random);
    registry::ClientKey& key = documents.emplace_back();
    key.id = "id-" + name;
    key.name = name;
    key.role = role;
    key.secret = book.hasher.secret_of(token);
    return token;
  }
  KeyTablePtr table() {
    return std::make_shared<const KeyTable>(
        documents, book.hasher, book.uses,
        [this](std::string_view text) { return names.intern(text); });
  }
};

}  // namespace tallygate::access
