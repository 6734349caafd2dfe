#include "gateway/http/loop/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <ctime>

namespace tallygate::http {
namespace {

TlsContext make_context(const SSL_METHOD* method) {
  TlsContext context(SSL_CTX_new(method), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
  return context;
}

bool is_address(const std::string& host) {
  boost::system::error_code failed;
  boost::asio::ip::make_address(host, failed);
  return !failed;
}

}  // namespace

std::string take_tls_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "unknown TLS error";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "TLS error " + std::to_string(code);
}

Result<TlsContext> make_client_context(const std::string& ca_file, bool verify) {
  TlsContext context = make_context(TLS_client_method());
  SSL_CTX_set_verify(context.get(), verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  const bool loaded = ca_file.empty()
                          ? SSL_CTX_set_default_verify_paths(context.get()) == 1
                          : SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) == 1;
  if (!loaded && verify) {
    return make_error(Errc::config_invalid, "cannot read the CA certificates of " +
                                                (ca_file.empty() ? "the system" : ca_file) + ": " +
                                                take_tls_error());
  }
  return context;
}

Result<TlsContext> make_server_context(const config::Tls& files) {
  TlsContext context = make_context(TLS_server_method());
  // Clients leave as they like; of an upstream an end without close_notify is a cut (RFC
  // 9112, 9.8).
  SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  // TLS 1.3 has none but good ones.
  SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1) {
    return make_error(Errc::config_invalid,
                      "cannot use the certificate " + files.certificate + ": " + take_tls_error());
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return make_error(Errc::config_invalid,
                      "cannot use the private key " + files.key + ": " + take_tls_error());
  }
  return context;
}

std::optional<WallTime> expiry_of(SSL_CTX& context) {
  const X509* certificate = SSL_CTX_get0_certificate(&context);
  std::tm end{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) {
    return std::nullopt;
  }
  return WallTime(std::chrono::seconds(::timegm(&end)));
}

SslHandle make_client_handle(SSL_CTX& context, const std::string& host, bool verify) {
  SslHandle ssl(SSL_new(&context));
  SSL_set_connect_state(ssl.get());
  if (is_address(host)) {
    if (verify) X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str());
  } else {
    // SSL_set_tlsext_host_name is a macro around this call, with a C cast.
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host.c_str()));
    if (verify) SSL_set1_host(ssl.get(), host.c_str());
  }
  return ssl;
}

SslHandle make_server_handle(SSL_CTX& context) {
  SslHandle ssl(SSL_new(&context));
  SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace tallygate::http
