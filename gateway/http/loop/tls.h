#pragma once
// TLS contexts (OpenSSL 3): made at start and reload on the control thread, shared read-only.

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "config/settings.h"
#include "gateway/http/loop/stream.h"

namespace tallygate::http {

using TlsContext = std::shared_ptr<SSL_CTX>;

/// For connections to targets: TLS 1.2 and up, certificates verified against `ca_file`, or the
/// system's store when it is empty. `verify` false is for laboratories.
Result<TlsContext> make_client_context(const std::string& ca_file, bool verify);

/// For the data and admin listeners: TLS 1.2 with forward secrecy and authenticated ciphers,
/// or 1.3. Errors: config_invalid, naming the file.
Result<TlsContext> make_server_context(const config::Tls& files);
/// When a server's certificate ends; nullopt if it has none.
std::optional<WallTime> expiry_of(SSL_CTX& context);

/// A client handle for `host`: SNI (unless it is an address) and the name that must match.
SslHandle make_client_handle(SSL_CTX& context, const std::string& host, bool verify);
SslHandle make_server_handle(SSL_CTX& context);

/// What OpenSSL last complained about on this thread, for messages; clears its queue.
std::string take_tls_error();

}  // namespace tallygate::http
