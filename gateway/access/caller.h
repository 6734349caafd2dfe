#pragma once
// Who sends the requests of one client connection: whose key the request at hand carries, what is
// left of its limits, and its place among those under way. The usual request of a keep-alive
// connection carries the same key as the one before and costs one comparison. One worker's thread.

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "config/settings.h"
#include "gateway/access/key_table.h"
#include "gateway/http/message/head.h"

namespace tallygate::access {

/// What an endpoint asks of whoever calls it.
enum class KeyNeed : std::uint8_t {
  none,            ///< probes
  where_required,  ///< listeners.data.require_key
  always,          ///< what changes what is known of the models
};

/// How a request is to be judged.
struct Terms {
  KeyNeed need = KeyNeed::where_required;
  bool require_key = false;                              ///< the setting
  config::Protocol protocol = config::Protocol::openai;  ///< whose names the limits are told in
};

/// The token of a bearer, empty when there is none.
std::string_view bearer_token(std::string_view authorization);

class Caller {
 public:
  Caller() = default;
  ~Caller() { leave(); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  /// Finds out whose key `head` carries: as a bearer or in x-api-key, where a text that has the
  /// form of our keys goes first. Only applications call the data listener.
  void identify(const http::RequestHead& head, const KeyTablePtr& table, WallTime now);

  /// identify(), then may the request come in? Takes its place and its share of the rate, until
  /// leave(). Errors: invalid_api_key, forbidden (the key's role opens another listener),
  /// rate_limited (retry_after() says for how long).
  std::optional<Error> enter(const http::RequestHead& head, const KeyTablePtr& table, Terms terms,
                             Moment now);
  /// The request at hand is done; its key is forgotten, what is cached is not.
  void leave();

  /// Null: nobody that we know.
  const Key* key() const { return key_; }
  /// The unit that stands for the key; empty without one.
  std::string_view unit() const { return key_ != nullptr ? key_->id : std::string_view{}; }
  bool may_use(router::NameId route) const { return key_ == nullptr || key_->may_use(route); }
  bool may_use_auto_pools() const { return key_ == nullptr || key_->auto_pools; }
  /// Errors: forbidden, for a request that was planned on `route`.
  std::optional<Error> refusal_of_route(router::NameId route, std::string_view name,
                                        bool by_pool) const;
  /// How long to wait after rate_limited.
  std::chrono::nanoseconds retry_after() const { return retry_after_; }

  /// Tokens are known once they were used.
  void charge_tokens(std::uint64_t tokens, SteadyTime now);

  bool is_limited() const { return requests_ || tokens_; }
  /// As rate_fields.h says; nothing for a caller without limits.
  void append_rate_fields(WallTime now, std::string& block) const;

 private:
  struct Share {
    std::uint64_t limit = 0;
    router::RateDecision decision;
  };

  const Key* look_up(std::string_view token, const KeyTablePtr& table, WallTime now);
  std::optional<Error> take_share(SteadyTime now);
  bool take_place();

  KeyTablePtr table_;  ///< of the entry, which lives as long
  const KeyTable::Entry* entry_ = nullptr;
  std::array<char, kTokenBytes> token_{};  ///< that entry_ was found by
  const Key* key_ = nullptr;
  bool has_place_ = false;
  config::Protocol protocol_ = config::Protocol::openai;
  std::optional<Share> requests_;
  std::optional<Share> tokens_;
  std::chrono::nanoseconds retry_after_{0};
};

}  // namespace tallygate::access
