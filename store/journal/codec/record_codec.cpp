#include "store/journal/codec/record_codec.h"

#include <algorithm>
#include <array>

#include "store/bytes.h"

namespace tallygate::store {
namespace {

using router::Attempt;
using router::Record;

constexpr std::uint8_t kStreamed = 1;
constexpr std::uint8_t kUnacknowledged = 2;
constexpr std::uint8_t kMirrored = 4;
constexpr std::uint8_t kExceeded = 8;

/// Gates before kPlacedAttempts wrote kAttempts, which say nothing of route and version.
enum Tag : std::uint8_t {
  kAttempts = 1,
  kTags = 2,
  kResponseId = 3,
  kMirrorOf = 4,
  kPlacedAttempts = 5,
};

constexpr std::size_t kHeadBytes = 104;
constexpr std::size_t kTailEntryHeadBytes = 3;
constexpr std::size_t kAttemptBytes = 16;
constexpr std::size_t kPlacedAttemptBytes = kAttemptBytes + 8;
constexpr std::size_t kMaxTailEntryBytes = 0xFFFF;

std::uint8_t flags_of(const Record& r) {
  return static_cast<std::uint8_t>((r.streamed ? kStreamed : 0) |
                                   (r.unacknowledged ? kUnacknowledged : 0) |
                                   (r.mirrored ? kMirrored : 0) | (r.exceeded ? kExceeded : 0));
}

char* put_head(char* at, const Record& r) {
  at = put_little(at, kRecordVersion);
  at = put_little(at, flags_of(r));
  at = put_little(at, micros_since_epoch(r.started));
  at = put_little(at, r.route);
  at = put_little(at, r.assigned_version);
  at = put_little(at, r.served_version);
  at = put_little(at, r.experiment);
  at = put_little(at, r.target);
  at = put_little(at, r.epoch);
  at = put_little(at, r.slot);
  at = put_little(at, r.variant);
  at = put_little(at, static_cast<std::uint8_t>(r.conversation));
  at = put_little(at, static_cast<std::uint8_t>(r.outcome));
  at = put_little(at, static_cast<std::uint8_t>(r.error));
  at = put_little(at, static_cast<std::uint8_t>(r.phase));
  at = put_little(at, r.attempt_count);
  at = put_little(at, r.status);
  at = put_little(at, r.latency_us);
  at = put_little(at, r.first_token_us);
  at = put_little(at, r.overhead_us);
  at = put_little(at, r.input_tokens);
  at = put_little(at, r.output_tokens);
  at = put_little(at, r.cached_tokens);
  at = put_little(at, r.event_count);
  at = put_little(at, r.unit_hash);
  at = put_little(at, r.request_bytes);
  at = put_little(at, r.response_bytes);
  return put_little(at, r.cost_nano_usd);
}

void put_tail_head(std::string& out, Tag tag, std::size_t bytes) {
  std::array<char, kTailEntryHeadBytes> head;
  put_little(put_little(head.data(), static_cast<std::uint8_t>(tag)),
             static_cast<std::uint16_t>(bytes));
  out.append(head.data(), head.size());
}

void put_text(std::string& out, Tag tag, std::string_view text) {
  if (text.empty()) return;
  text = text.substr(0, kMaxTailEntryBytes);
  put_tail_head(out, tag, text.size());
  out.append(text);
}

void put_attempts(std::string& out, const std::vector<Attempt>& attempts) {
  if (attempts.empty()) return;
  const std::size_t count = std::min(attempts.size(), kMaxTailEntryBytes / kPlacedAttemptBytes);
  put_tail_head(out, kPlacedAttempts, count * kPlacedAttemptBytes);
  for (std::size_t i = 0; i < count; ++i) {
    const Attempt& attempt = attempts[i];
    std::array<char, kPlacedAttemptBytes> bytes;
    char* at = put_little(bytes.data(), attempt.target);
    at = put_little(at, attempt.status);
    at = put_little(at, static_cast<std::uint8_t>(attempt.cause));
    at = put_little(at, static_cast<std::uint8_t>(attempt.failed));
    at = put_little(at, attempt.start_ms);
    at = put_little(at, attempt.duration_ms);
    at = put_little(at, attempt.route);
    put_little(at, attempt.version);
    out.append(bytes.data(), bytes.size());
  }
}

/// Reads one byte as an enumerator below `count`; clears `ok` when it is none.
template <class Enum>
Enum take_enum(const char*& at, int count, bool& ok) {
  const auto value = take_little<std::uint8_t>(at);
  if (value >= count) ok = false;
  return static_cast<Enum>(value);
}

bool take_head(const char* at, Record& r) {
  bool ok = true;
  const auto version = take_little<std::uint8_t>(at);
  const auto flags = take_little<std::uint8_t>(at);
  r.streamed = (flags & kStreamed) != 0;
  r.unacknowledged = (flags & kUnacknowledged) != 0;
  r.mirrored = version >= 2 && (flags & kMirrored) != 0;
  r.exceeded = version >= 2 && (flags & kExceeded) != 0;
  r.started = WallTime{std::chrono::microseconds{take_little<std::int64_t>(at)}};
  r.route = take_little<std::uint32_t>(at);
  r.assigned_version = take_little<std::uint32_t>(at);
  r.served_version = take_little<std::uint32_t>(at);
  r.experiment = take_little<std::uint32_t>(at);
  r.target = take_little<std::uint32_t>(at);
  r.epoch = take_little<std::uint32_t>(at);
  r.slot = take_little<std::uint16_t>(at);
  r.variant = take_little<std::uint8_t>(at);
  r.conversation = take_enum<router::Conversation>(at, router::kConversationCount, ok);
  r.outcome = take_enum<router::Outcome>(at, router::kOutcomeCount, ok);
  r.error = take_enum<Errc>(at, kErrcCount, ok);
  r.phase = take_enum<router::Phase>(at, static_cast<int>(router::Phase::finishing) + 1, ok);
  r.attempt_count = take_little<std::uint8_t>(at);
  r.status = take_little<std::uint16_t>(at);
  r.latency_us = take_little<std::uint32_t>(at);
  r.first_token_us = take_little<std::uint32_t>(at);
  r.overhead_us = take_little<std::uint32_t>(at);
  r.input_tokens = take_little<std::uint32_t>(at);
  r.output_tokens = take_little<std::uint32_t>(at);
  r.cached_tokens = take_little<std::uint32_t>(at);
  r.event_count = take_little<std::uint32_t>(at);
  r.unit_hash = take_little<std::uint64_t>(at);
  r.request_bytes = take_little<std::uint64_t>(at);
  r.response_bytes = take_little<std::uint64_t>(at);
  r.cost_nano_usd = take_little<std::int64_t>(at);
  return ok;
}

bool take_attempts(std::string_view bytes, std::size_t each, std::vector<Attempt>& attempts) {
  if (bytes.size() % each != 0) return false;
  attempts.resize(bytes.size() / each);
  bool ok = true;
  const char* at = bytes.data();
  for (Attempt& attempt : attempts) {
    attempt.target = take_little<std::uint32_t>(at);
    attempt.status = take_little<std::uint16_t>(at);
    attempt.cause = take_enum<Errc>(at, kErrcCount, ok);
    attempt.failed = take_little<std::uint8_t>(at) != 0;
    attempt.start_ms = take_little<std::uint32_t>(at);
    attempt.duration_ms = take_little<std::uint32_t>(at);
    if (each == kAttemptBytes) continue;
    attempt.route = take_little<std::uint32_t>(at);
    attempt.version = take_little<std::uint32_t>(at);
  }
  return ok;
}

bool take_tail(std::string_view bytes, Record& record) {
  while (!bytes.empty()) {
    if (bytes.size() < kTailEntryHeadBytes) return false;
    const char* at = bytes.data();
    const auto tag = take_little<std::uint8_t>(at);
    const auto size = take_little<std::uint16_t>(at);
    bytes.remove_prefix(kTailEntryHeadBytes);
    if (bytes.size() < size) return false;
    const std::string_view entry = bytes.substr(0, size);
    bytes.remove_prefix(size);
    if (tag == kAttempts && !take_attempts(entry, kAttemptBytes, record.attempts)) return false;
    if (tag == kPlacedAttempts && !take_attempts(entry, kPlacedAttemptBytes, record.attempts)) {
      return false;
    }
    if (tag == kTags) record.tags = entry;
    if (tag == kResponseId) record.response_id = entry;
    if (tag == kMirrorOf) {
      if (entry.size() != sizeof(Uuid)) return false;
      record.mirror_of = uuid_of(entry);
    }
  }
  return true;
}

Error corrupt(const Uuid& id, const std::string& what) {
  return make_error(Errc::storage_corrupt, "record " + to_string(id) + ": " + what);
}

}  // namespace

void encode_record(const Record& record, std::string& out) {
  std::array<char, kHeadBytes> head;
  const char* const end = put_head(head.data(), record);
  out.append(head.data(), static_cast<std::size_t>(end - head.data()));
  put_attempts(out, record.attempts);
  put_text(out, kTags, record.tags);
  put_text(out, kResponseId, record.response_id);
  if (record.mirror_of != Uuid{}) put_text(out, kMirrorOf, record.mirror_of.view());
}

Result<Record> decode_record(const Uuid& id, std::string_view bytes) {
  if (bytes.empty()) return corrupt(id, "is empty");
  if (const auto version = static_cast<std::uint8_t>(bytes[0]);
      version < kOldestRecordVersion || version > kRecordVersion) {
    return corrupt(id, "has format version " + std::to_string(version) +
                           ", this binary reads versions " + std::to_string(kOldestRecordVersion) +
                           " to " + std::to_string(kRecordVersion));
  }
  if (bytes.size() < kHeadBytes) {
    return corrupt(id, "has " + std::to_string(bytes.size()) + " bytes, a whole one has at least " +
                           std::to_string(kHeadBytes));
  }
  Record record;
  record.id = id;
  if (!take_head(bytes.data(), record)) return corrupt(id, "holds a value out of range");
  if (!take_tail(bytes.substr(kHeadBytes), record)) return corrupt(id, "has a broken tail");
  return record;
}

}  // namespace tallygate::store
