#pragma once
// Client keys on the admin listener: a bearer into an actor and a role.

#include "gateway/api/admin.h"

namespace tallygate::api {

/// The key that the request carries as its bearer; null = none that we know.
const access::Key* key_of(const AdminRequest& request, const AdminContext& context);

/// Whether the head's bearer is the admin token or a key for this listener; always, without a
/// token. For what is to be known before the body is read.
bool is_admitted(const http::RequestHead& head, const config::AdminListener& listener,
                 const access::KeyTable* keys, WallTime now);

/// Errors: forbidden, for a key that opens the data listener.
Result<Role> admin_role_of(const access::Key& key);

}  // namespace tallygate::api
