#pragma once
// Client keys on the admin listener: a bearer into an actor and a role.

#include "gateway/api/admin.h"

namespace tallygate::api {

/// The key that the request carries as its bearer; null = none that we know.
const access::Key* key_of(const AdminRequest& request, const AdminContext& context);

/// Errors: forbidden, for a key that opens the data listener.
Result<Role> admin_role_of(const access::Key& key);

}  // namespace tallygate::api
