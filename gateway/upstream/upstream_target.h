#pragma once
// One upstream as workers use it: a target's settings with everything that is the same for each
// request prepared once. Immutable but for its addresses; made on the control thread, shared.

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "gateway/http/loop/tls.h"
#include "router/snapshot.h"
#include "store/journal/names.h"

namespace tallygate {

using Addresses = std::vector<boost::asio::ip::tcp::endpoint>;

/// Any thread; used when connections are opened and swept, never for a request on a pooled one.
/// A mutex, since std::atomic<std::shared_ptr> of GCC 12 lets go of its lock in load() with relaxed
/// order: the next store() races with that reader.
class KnownAddresses {
 public:
  std::shared_ptr<const Addresses> load() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  void store(std::shared_ptr<const Addresses> value) {
    const std::lock_guard lock(mutex_);
    value_.swap(value);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Addresses> value_;
};

struct UpstreamTarget {
  router::TargetSlot slot = 0;
  router::NameId name = 0;
  router::NameId address_name = 0;  ///< host, for telemetry
  router::NameId model_name = 0;    ///< upstream's model name, for telemetry
  config::Target settings;
  std::string host;
  std::uint16_t port = 0;
  std::string host_header;            ///< host, and port unless it is the scheme's own
  std::string base_path;              ///< replaces /v1; no slash at its end
  std::string model_literal;          ///< JSON string literal
  std::string credential;             ///< whole header line with CRLF, or empty
  http::TlsContext tls;               ///< null = plain
  std::uint32_t max_connections = 0;  ///< of all workers together

  /// Null until the name was first resolved; then the last good answer. Written by the resolver.
  mutable KnownAddresses addresses;
};

/// Errors name the target: bad URL, unreadable CA file.
Result<std::shared_ptr<const UpstreamTarget>> make_upstream_target(const std::string& name,
                                                                   const config::Target& settings,
                                                                   router::TargetSlot slot,
                                                                   std::uint32_t connection_limit,
                                                                   store::Names& names);

}  // namespace tallygate
