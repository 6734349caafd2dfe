#pragma once
// The request as a target gets it, ready for the socket.

#include <array>
#include <span>
#include <string>

#include "gateway/exchange/exchange.h"
#include "gateway/wire/splice.h"

namespace tallygate {

class UpstreamRequest {
 public:
  /// Renders the head and splices the body for exchange.target(). Views into the session's body.
  explicit UpstreamRequest(const Exchange& exchange);
  UpstreamRequest(const UpstreamRequest&) = delete;
  UpstreamRequest& operator=(const UpstreamRequest&) = delete;

  /// What has not been sent yet; empty when all has.
  std::span<const iovec> rest() const { return rest_; }
  void advance(std::size_t bytes);

 private:
  std::string head_;  ///< with the body behind it, if that is small
  std::array<iovec, wire::SplicedBody::kMaxPieces + 1> pieces_;
  std::span<iovec> rest_;
};

}  // namespace tallygate
