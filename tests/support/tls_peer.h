#pragma once
// The server's end of a TLS connection, played by hand, with a certificate made on the spot.

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "tests/support/loopback.h"

namespace tallygate::testing {

/// A context with a self-signed certificate for 127.0.0.1: for clients that do not verify.
inline std::shared_ptr<SSL_CTX> make_test_context() {
  const std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::shared_ptr<X509> certificate(X509_new(), X509_free);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
    throw std::runtime_error("cannot make a certificate");
  }
  return context;
}

class TlsPeer {
 public:
  /// Blocks for the handshake.
  TlsPeer(const std::shared_ptr<SSL_CTX>& context, Peer peer)
      : peer_(std::move(peer)), ssl_(SSL_new(context.get()), SSL_free) {
    const timeval patience{kPatienceMillis / 1000, 0};
    ::setsockopt(peer_.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    SSL_set_fd(ssl_.get(), peer_.fd());
    if (SSL_accept(ssl_.get()) != 1) throw std::runtime_error("the TLS handshake failed");
  }

  /// Up to and including `mark`.
  std::string read_until(std::string_view mark) {
    std::string seen;
    char byte = 0;
    while (!seen.ends_with(mark)) {
      if (SSL_read(ssl_.get(), &byte, 1) != 1) throw std::runtime_error("closed after: " + seen);
      seen.push_back(byte);
    }
    return seen;
  }
  std::string read_exactly(std::size_t bytes) {
    std::string seen(bytes, '\0');
    for (std::size_t have = 0; have < bytes;) {
      std::size_t count = 0;
      if (SSL_read_ex(ssl_.get(), seen.data() + have, bytes - have, &count) != 1) {
        throw std::runtime_error("closed after " + std::to_string(have) + " bytes");
      }
      have += count;
    }
    return seen;
  }
  void send(std::string_view bytes) {
    if (SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) {
      throw std::runtime_error("cannot send over TLS");
    }
  }

 private:
  Peer peer_;
  std::shared_ptr<SSL> ssl_;
};

}  // namespace tallygate::testing
