#pragma once
// What bodies about client keys hold, and how a key is shown.

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "gateway/api/shapes/fields.h"
#include "gateway/registry/client_key.h"

namespace tallygate::api {

extern const Fields kNewKeyFields;
extern const Fields kKeyPatchFields;
extern const Fields kRotateFields;
extern const Fields kKeyFields;
extern const Fields kKeyPageFields;
extern const Fields kKeyWithTokenFields;

/// Fields of `body`, which fits its table, that are there replace those of `key`.
void merge_key(const boost::json::object& body, registry::ClientKey& key);

struct KeyShown {
  WallTime now;
  std::string_view pepper_id;  ///< that keys are hashed with here
};

/// Without anything that a key could be known by but its last four characters.
std::string render_key(const registry::ClientKey& key, const KeyShown& shown);
/// The same with the key itself; null when `token` is empty.
std::string render_key_with_token(const registry::ClientKey& key, const KeyShown& shown,
                                  std::string_view token);

}  // namespace tallygate::api
