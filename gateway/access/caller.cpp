#include "gateway/access/caller.h"

#include <algorithm>
#include <cstring>

#include "gateway/access/rate_fields.h"

namespace tallygate::access {
namespace {

using std::chrono::nanoseconds;

/// Until a place among the requests under way may be free again: nobody knows, so soon.
constexpr nanoseconds kPlaceRetry = std::chrono::seconds{1};

nanoseconds since_epoch(SteadyTime now) { return now.time_since_epoch(); }

/// The text that is to be the caller's key, of the two places where clients put it.
std::string_view candidate(const http::RequestHead& head) {
  const std::string_view bearer = bearer_token(head.authorization);
  if (is_token_form(bearer)) return bearer;
  return is_token_form(head.x_api_key) ? head.x_api_key : std::string_view{};
}

/// Takes from a bucket that others take from at the same time.
router::RateDecision take(std::atomic<nanoseconds>& bucket, router::RateLimit limit,
                          nanoseconds now) {
  nanoseconds state = bucket.load(std::memory_order_relaxed);
  for (;;) {
    const auto decision = router::take_from_bucket(limit, state, now, 1);
    if (!decision.allowed) return decision;
    if (bucket.compare_exchange_weak(state, decision.full_at, std::memory_order_relaxed)) {
      return decision;
    }
  }
}

Error too_many(const std::string& what) { return make_error(Errc::rate_limited, what); }

}  // namespace

std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!http::equals_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) return {};
  authorization.remove_prefix(kScheme.size());
  authorization.remove_prefix(std::min(authorization.find_first_not_of(' '), authorization.size()));
  return authorization;
}

const Key* Caller::look_up(std::string_view token, const KeyTablePtr& table, WallTime now) {
  const bool as_before =
      table_ == table && std::memcmp(token.data(), token_.data(), kTokenBytes) == 0;
  if (!as_before) {
    entry_ = table->find(token);
    table_ = table;
    std::copy_n(token.begin(), kTokenBytes, token_.begin());
  }
  return entry_ != nullptr && now < entry_->valid_until ? entry_->key : nullptr;
}

void Caller::identify(const http::RequestHead& head, const KeyTablePtr& table, WallTime now) {
  leave();
  if (table == nullptr || table->empty()) return;
  const std::string_view token = candidate(head);
  if (!token.empty()) key_ = look_up(token, table, now);
}

std::optional<Error> Caller::enter(const http::RequestHead& head, const KeyTablePtr& table,
                                   Terms terms, Moment now) {
  if (terms.need == KeyNeed::none) return std::nullopt;
  protocol_ = terms.protocol;
  identify(head, table, now.wall);
  if (key_ == nullptr) {
    if (terms.need == KeyNeed::where_required && !terms.require_key) return std::nullopt;
    return make_error(Errc::invalid_api_key,
                      "a valid client key is required: send it as "
                      "'Authorization: Bearer KEY' or 'x-api-key: KEY'");
  }
  if (key_->role != registry::KeyRole::application) {
    return make_error(Errc::forbidden,
                      "this key has the role " + std::string(registry::to_text(key_->role)) +
                          ", which opens the admin listener: the data listener takes keys with "
                          "the role application");
  }
  return take_share(now.steady);
}

std::optional<Error> Caller::take_share(SteadyTime now) {
  if (!take_place()) {
    retry_after_ = kPlaceRetry;
    return too_many("this key may have " + std::to_string(key_->concurrency) +
                    " requests under way at once");
  }
  const nanoseconds time = since_epoch(now);
  if (key_->tokens.per_minute != 0) {
    const nanoseconds state = key_->use->tokens_full_at.load(std::memory_order_relaxed);
    const auto one = router::take_from_bucket(key_->tokens, state, time, 1);
    tokens_ =
        Share{key_->tokens.per_minute, router::take_from_bucket(key_->tokens, state, time, 0)};
    retry_after_ = one.retry_after;
    if (!one.allowed) {
      return too_many("this key has used its " + std::to_string(key_->tokens.per_minute) +
                      " tokens per minute");
    }
  }
  if (key_->requests.per_minute != 0) {
    requests_ =
        Share{key_->requests.per_minute, take(key_->use->requests_full_at, key_->requests, time)};
    retry_after_ = requests_->decision.retry_after;
    if (!requests_->decision.allowed) {
      return too_many("this key has made its " + std::to_string(key_->requests.per_minute) +
                      " requests per minute");
    }
  }
  return std::nullopt;
}

bool Caller::take_place() {
  if (key_->concurrency == 0) return true;
  has_place_ = key_->use->under_way.fetch_add(1, std::memory_order_relaxed) < key_->concurrency;
  if (!has_place_) key_->use->under_way.fetch_sub(1, std::memory_order_relaxed);
  return has_place_;
}

void Caller::leave() {
  if (has_place_) key_->use->under_way.fetch_sub(1, std::memory_order_relaxed);
  has_place_ = false;
  key_ = nullptr;
  requests_.reset();
  tokens_.reset();
}

std::optional<Error> Caller::refusal_of_route(router::NameId route, std::string_view name,
                                              bool by_pool) const {
  if (key_ == nullptr) return std::nullopt;
  if (by_pool ? key_->auto_pools : key_->may_use(route)) return std::nullopt;
  return make_error(Errc::forbidden,
                    by_pool ? std::string("this key may not use auto pools")
                            : "this key may not use the model '" + std::string(name) + "'",
                    "model");
}

void Caller::charge_tokens(std::uint64_t tokens, SteadyTime now) {
  if (key_ == nullptr || key_->tokens.per_minute == 0) return;
  auto& bucket = key_->use->tokens_full_at;
  nanoseconds state = bucket.load(std::memory_order_relaxed);
  while (!bucket.compare_exchange_weak(
      state, router::charge_bucket(key_->tokens, state, since_epoch(now), tokens),
      std::memory_order_relaxed)) {
  }
}

void Caller::append_rate_fields(WallTime now, std::string& block) const {
  const auto append = [&](const std::optional<Share>& share, std::string_view what) {
    if (!share) return;
    const router::RateDecision& decision = share->decision;
    access::append_rate_fields({what, share->limit, decision.remaining, decision.reset_after},
                               protocol_, now, block);
  };
  append(requests_, "requests");
  append(tokens_, "tokens");
}

}  // namespace tallygate::access
