#include "gateway/exchange/own_fields.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "gateway/exchange/exchange.h"
#include "gateway/http/message/head_renderer.h"
#include "gateway/worker_clock.h"

namespace tallygate {
namespace {

void append_number(std::uint64_t number, std::string& block) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  block.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

/// Microseconds as milliseconds with three decimals.
void append_millis(std::uint32_t micros, std::string& block) {
  append_number(micros / 1000, block);
  const std::uint32_t rest = micros % 1000;
  const char decimals[] = {'.', static_cast<char>('0' + rest / 100),
                           static_cast<char>('0' + rest / 10 % 10),
                           static_cast<char>('0' + rest % 10)};
  block.append(decimals, sizeof decimals);
}

std::uint32_t time_in_gate(const Exchange& x) {
  const auto spent = std::chrono::duration_cast<std::chrono::microseconds>(
      steady_now() - x.started - x.upstream_time);
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(spent.count(), 0, UINT32_MAX));
}

}  // namespace

std::string_view OwnFields::block_of(const router::Plan& plan, router::NameId version,
                                     const store::Names& names) {
  const Key key{plan.route, version, plan.assignment.experiment, plan.assignment.variant_name};
  const auto known = blocks_.find(key);
  if (known != blocks_.end()) return known->second;
  if (blocks_.size() >= kMostKept) blocks_.clear();
  std::string block;
  http::append_field("x-tallygate-route", names.text(key.route), block);
  if (version != 0) http::append_field("x-tallygate-version", names.text(version), block);
  if (key.experiment != 0) {
    http::append_field("x-tallygate-experiment", names.text(key.experiment), block);
    http::append_field("x-tallygate-variant", names.text(key.variant), block);
  }
  return blocks_.emplace(key, std::move(block)).first->second;
}

void append_own_fields(Exchange& x, std::string& block) {
  x.overhead_us = time_in_gate(x);
  char id[kUuidTextBytes];
  render_uuid(x.id, id);
  block.append("x-request-id: ").append(id, sizeof id).append("\r\n");
  const router::NameId version = x.committed ? x.candidate->version : 0;
  block.append(x.worker.own_fields.block_of(x.plan, version, x.worker.shared().names));
  if (x.plan.degraded) block.append("x-tallygate-degraded: true\r\n");
  block.append("x-tallygate-attempts: ");
  append_number(x.attempts.size() + (x.attempt_open ? 1 : 0), block);
  block.append("\r\nx-tallygate-overhead-ms: ");
  append_millis(x.overhead_us, block);
  block.append("\r\n");
}

}  // namespace tallygate
