#pragma once
// Which one record is looked for: by request id or by the model's own response id. A value; pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "router/record.h"

namespace tallygate::store {

/// What the index knows an id by.
std::uint64_t index_hash(const Uuid& request_id);
std::uint64_t index_hash(std::string_view response_id);

class RecordQuery {
 public:
  static RecordQuery by_id(const Uuid& id);
  static RecordQuery by_response_id(std::string_view id);

  std::uint64_t hash() const { return hash_; }
  /// A record that answers was not made before. The epoch when nothing is known.
  WallTime earliest() const;
  /// The record in `batch` that answers and was not made before `cutoff`.
  Result<std::optional<router::Record>> find_in(std::string_view batch, WallTime cutoff) const;
  Error not_found() const;

 private:
  std::optional<Uuid> id_;
  std::string response_id_;
  std::uint64_t hash_ = 0;
};

}  // namespace tallygate::store
