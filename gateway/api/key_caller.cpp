#include "gateway/api/key_caller.h"

#include "gateway/access/caller.h"

namespace tallygate::api {

const access::Key* key_of(const AdminRequest& request, const AdminContext& context) {
  return access::find_key(context.keys, access::bearer_token(request.head.authorization),
                          context.now);
}

Result<Role> admin_role_of(const access::Key& key) {
  switch (key.role) {
    case registry::KeyRole::admin: return Role::admin;
    case registry::KeyRole::viewer: return Role::viewer;
    case registry::KeyRole::application: break;
  }
  return make_error(Errc::forbidden,
                    "This key has the role application, which opens the data listener: the admin "
                    "listener takes the admin token, or a key with the role viewer or admin.",
                    "authorization");
}

}  // namespace tallygate::api
