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

  bool is_sent() const { return rest_.empty(); }
  /// What goes next, `most` bytes of it or less. Valid until the next call.
  std::span<const iovec> next(std::size_t most);
  void advance(std::size_t bytes);

 private:
  using Pieces = std::array<iovec, wire::SplicedBody::kMaxPieces + 1>;

  std::string head_;  ///< with the body behind it, if that is small
  Pieces pieces_;
  std::span<iovec> rest_;
  Pieces next_;
};

}  // namespace tallygate
