#pragma once
// What is counted together, and the selection of it. Values; pure.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "router/record.h"

namespace tallygate::router {

/// Three kinds of key exist: `performance` (as served: target, its route and version, conversation
/// type; a fallback's answer counts for the fallback's route),
/// `variant` (as assigned: experiment, epoch, variant), and `mirror`: what shadow copies would
/// count under as performance. Every record counts under exactly one performance or mirror key.
struct TallyKey {
  enum class Kind : std::uint8_t { performance = 1, variant = 2, mirror = 3 };
  Kind kind = Kind::performance;
  NameId route = 0;
  NameId version = 0;  ///< performance and mirror: served version; variant: assigned version
  NameId target = 0;   ///< not of variants
  Conversation conversation = Conversation::text_to_text;  ///< not of variants
  NameId experiment = 0;                                   ///< variant only
  std::uint32_t epoch = 0;                                 ///< variant only
  std::uint8_t variant = kNoVariant;                       ///< variant only

  bool operator==(const TallyKey&) const = default;
};

std::uint64_t hash_of(const TallyKey& key);

/// The keys that `record` counts under: one, or two when it is enrolled in an experiment.
struct TallyKeys {
  std::array<TallyKey, 2> keys;
  int count = 0;
};
TallyKeys keys_of(const Record& record);

/// A variant's, as records of its requests have it.
struct VariantOf {
  NameId route = 0;
  NameId version = 0;  ///< assigned
  NameId experiment = 0;
  std::uint32_t epoch = 0;
  std::uint8_t variant = kNoVariant;
};
TallyKey variant_key(const VariantOf& variant);

/// The key that attempt `number` counts against: set if it failed by the target's doing and another
/// one was tried. The last attempt's end is the request's, which keys_of() has.
std::optional<TallyKey> failover_key(const Record& record, std::size_t number);

/// Which keys: all that have what is given. Nothing given = all.
struct TallyFilter {
  std::optional<TallyKey::Kind> kind = {};
  NameId route = 0;
  NameId version = 0;
  NameId target = 0;
  NameId experiment = 0;
  std::optional<std::uint32_t> epoch = {};
  std::optional<std::uint8_t> variant = {};
  std::optional<Conversation> conversation = {};

  bool matches(const TallyKey& key) const {
    return (!kind || key.kind == *kind) && (route == 0 || key.route == route) &&
           (version == 0 || key.version == version) && (target == 0 || key.target == target) &&
           (experiment == 0 || key.experiment == experiment) && (!epoch || key.epoch == *epoch) &&
           (!variant || key.variant == *variant) &&
           (!conversation || key.conversation == *conversation);
  }
};

inline constexpr std::size_t kTallyKeyBytes = 23;

/// kTallyKeyBytes, little-endian, appended to `out`; `decode_tally_key` consumes them from the
/// front of `in`. Errors: storage_corrupt.
void encode(const TallyKey& key, std::string& out);
Result<TallyKey> decode_tally_key(std::string_view& in);

}  // namespace tallygate::router
