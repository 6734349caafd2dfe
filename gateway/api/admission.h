#pragma once
// Who may use the admin listener, before anything else is looked at. Against a web page that makes
// a browser call it: the Host must be one of ours (DNS rebinding) and an Origin must be the page's
// own (cross-site requests). Against everyone else: the bearer token. Pure.

#include <optional>
#include <string_view>

#include "config/settings.h"
#include "gateway/api/admin.h"

namespace tallygate::api {

/// The listener's address, localhost and its addresses, or one of `hosts`, each with any port (it
/// may have been forwarded). On a wildcard address every IP literal: rebinding needs a name.
bool is_allowed_host(std::string_view host, const config::AdminListener& listener);

/// No Origin, or the one of the page that this very Host serves.
bool is_same_origin(std::string_view origin, std::string_view host);

/// `authorization` is "Bearer TOKEN"; the comparison takes the same time wherever they differ.
/// An empty token is open to everyone.
bool is_authorized(std::string_view authorization, const config::Secret& token);

/// The first of the fields that are trusted by their value, if one stands there twice; else empty.
std::string_view field_given_twice(const http::RequestHead& head);

/// The refusal (421, 400, 403, 401), or nothing.
std::optional<AdminResponse> refuse_admission(const AdminRequest& request,
                                              const config::AdminListener& listener);

}  // namespace tallygate::api
