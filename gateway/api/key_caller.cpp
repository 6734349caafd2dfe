#include "gateway/api/key_caller.h"

#include "gateway/access/caller.h"
#include "gateway/api/admission.h"

namespace tallygate::api {

namespace {

const access::Key* find(const http::RequestHead& head, const access::KeyTable* keys, WallTime now) {
  return access::find_key(keys, access::bearer_token(head.authorization), now);
}

}  // namespace

const access::Key* key_of(const AdminRequest& request, const AdminContext& context) {
  return find(request.head, context.keys, context.now);
}

bool is_admitted(const http::RequestHead& head, const config::AdminListener& listener,
                 const access::KeyTable* keys, WallTime now) {
  const access::Key* key = find(head, keys, now);
  if (key != nullptr) return admin_role_of(*key).has_value();
  return is_authorized(head.authorization, listener.token);
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
