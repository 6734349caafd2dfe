#pragma once
// Walks the keys of one column family that begin with a prefix, up or down. One thread's.

#include <rocksdb/iterator.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/rocksdb/bounded_read.h"
#include "store/rocksdb/catalog/catalog_database.h"

namespace tallygate::store {

class CatalogCursor {
 public:
  struct Range {
    CatalogFamily family = CatalogFamily::documents;
    std::string prefix;
    bool descending = false;
    const ::rocksdb::Snapshot* snapshot = nullptr;  ///< null = as of now
    BoundedRead* bounds = nullptr;                  ///< null = none; outlives the cursor
  };
  /// Stands before the first; `database` must outlive it.
  CatalogCursor(const CatalogDatabase& database, Range range);
  CatalogCursor(const CatalogCursor&) = delete;
  CatalogCursor& operator=(const CatalogCursor&) = delete;

  void to_first();
  /// To `suffix`, or to what comes next in its direction.
  void to(std::string_view suffix);
  /// To what comes next after `suffix`, whether that is there or not.
  void to_after(std::string_view suffix);
  void next();

  bool is_valid() const { return over_.ok() && at_->Valid(); }
  /// Whether `suffix` comes before where it stands or is it.
  bool has_reached(std::string_view suffix) const;
  /// The key without the prefix. Both are valid until it moves.
  std::string_view suffix() const { return at_->key().ToStringView().substr(range_.prefix.size()); }
  std::string_view value() const { return at_->value().ToStringView(); }
  /// Once it is not valid: whether that is the end or a failure.
  Result<void> ended() const;

 private:
  void count_row();

  const Range range_;
  const std::string end_;
  const ::rocksdb::Slice lower_bound_;
  const ::rocksdb::Slice upper_bound_;
  std::unique_ptr<::rocksdb::Iterator> at_;
  ::rocksdb::Status over_;  ///< not ok: beyond its bounds
};

}  // namespace tallygate::store
