#pragma once
// The listeners' certificates as their files last were sound, read again when somebody asks, so
// that who renews them (cert-manager, certbot, a mounted secret) needs no restart. Connections keep
// the certificate that they began with. Any thread.

#include <mutex>
#include <optional>
#include <string>

#include "gateway/http/loop/tls.h"

namespace tallygate {

class Certificates {
 public:
  /// Makes contexts of the files that `listeners` name, unless they are as they were. True:
  /// something is another. Errors: config_invalid, naming the file; nothing is changed then.
  Result<bool> follow(const config::Listeners& listeners);

  /// Null: the listener is plain.
  http::TlsContext data() const;
  http::TlsContext admin() const;

  /// The first day on which clients refuse a listener's certificate; nullopt = it has none.
  std::optional<WallTime> data_expiry() const;
  std::optional<WallTime> admin_expiry() const;

 private:
  struct Loaded {
    std::optional<config::Tls> files;
    std::string bytes;  ///< digest of both files, so that no key lies about
    http::TlsContext context;
    std::optional<WallTime> expiry;
  };
  static Result<Loaded> load(const std::optional<config::Tls>& files, const Loaded& before);

  std::mutex following_;
  mutable std::mutex mutex_;  ///< of what follows
  Loaded data_;
  Loaded admin_;
};

}  // namespace tallygate
