#pragma once
// The gate's own answers, rendered into session.out; sending is the caller's. Inference answers of
// upstreams are relay's.

#include "base/result.h"
#include "gateway/http/message/head_renderer.h"
#include "gateway/http/session.h"

namespace tallygate::http {

/// `own_fields` is a block of whole header lines, may be empty.
void write_answer(Session& session, std::uint16_t status, std::string_view content_type,
                  std::string_view body, std::string_view own_fields = {});

/// The error's body in the protocol's form, its status, and the fields that go with it
/// (WWW-Authenticate, Retry-After).
void write_error(Session& session, config::Protocol protocol, const Error& error,
                 std::string_view request_id = {}, std::string_view own_fields = {});

/// An error before a head could be parsed; the connection closes.
void write_unparsed_error(Session& session, config::Protocol protocol, const Error& error);

}  // namespace tallygate::http
