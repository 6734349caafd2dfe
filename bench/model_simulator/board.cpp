#include "bench/model_simulator/board.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <utility>

#include "bench/model_simulator/ask.h"

namespace tallygate::simulator {
namespace {

std::string encode_base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int used = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(used));
  return out;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

}  // namespace

Board::Board(Faults faults, std::uint64_t fail_first)
    : faults_(std::move(faults)), any_faults_(faults_.any), fail_first_(fail_first) {}

void Board::remember(Request& request, const Occasion& occasion) {
  const std::scoped_lock lock(mutex_);
  std::swap(last_, request);
  last_occasion_ = occasion;
}

Faults Board::faults_for(std::uint64_t number) const {
  if (!any_faults_.load(std::memory_order_relaxed)) return {};
  if (fail_first_ != 0 && number > fail_first_) return {};
  const std::scoped_lock lock(mutex_);
  return faults_;
}

void Board::change_faults(Faults faults) {
  const std::scoped_lock lock(mutex_);
  any_faults_ = faults.any;
  faults_ = std::move(faults);
}

void Board::reset() {
  const std::scoped_lock lock(mutex_);
  requests = 0;
  aborted = 0;
  last_ = {};
  last_occasion_ = {};
}

std::string Board::render_last() const {
  const std::scoped_lock lock(mutex_);
  if (last_.head.empty()) return "null";
  std::string headers;
  for (const auto& [name, value] : last_.headers()) {
    headers += fmt::format(R"({}["{}","{}"])", headers.empty() ? "" : ",", escape_json(name),
                           escape_json(value));
  }
  const std::string text =
      is_ascii(last_.body) ? fmt::format("\"{}\"", escape_json(last_.body)) : std::string("null");
  return fmt::format(R"({{"number":{},"connection":{},"method":"{}","target":"{}","headers":[{}],)"
                     R"("head_base64":"{}","body":{},"body_base64":"{}"}})",
                     last_occasion_.number, last_occasion_.connection, escape_json(last_.method()),
                     escape_json(last_.target()), headers, encode_base64(last_.head), text,
                     encode_base64(last_.body));
}

std::string Board::render_stats() const {
  return fmt::format(
      R"({{"requests":{},"connections":{},"connections_open":{},"streams_open":{},"aborted":{}}})",
      requests.load(), connections.load(), connections_open.load(), streams_open.load(),
      aborted.load());
}

}  // namespace tallygate::simulator
