#include "store/rocksdb/catalog/catalog_cursor.h"

#include "store/catalog/catalog_keys.h"
#include "store/rocksdb/errors.h"

namespace tallygate::store {

CatalogCursor::CatalogCursor(const CatalogDatabase& database, Range range)
    : range_(std::move(range)),
      end_(end_of(range_.prefix)),
      lower_bound_(range_.prefix),
      upper_bound_(end_) {
  ::rocksdb::ReadOptions options;
  if (range_.bounds != nullptr) options = range_.bounds->options();
  options.fill_cache = false;
  options.snapshot = range_.snapshot;
  options.iterate_lower_bound = &lower_bound_;
  if (!end_.empty()) options.iterate_upper_bound = &upper_bound_;
  at_.reset(database.engine().NewIterator(options, database.family(range_.family)));
}

void CatalogCursor::to_first() {
  if (range_.descending) {
    at_->SeekToLast();
  } else {
    at_->SeekToFirst();
  }
}

void CatalogCursor::count_row() {
  if (range_.bounds != nullptr && over_.ok()) over_ = range_.bounds->next_row();
}

void CatalogCursor::to(std::string_view suffix) {
  count_row();
  std::string key = range_.prefix;
  key += suffix;
  if (range_.descending) {
    at_->SeekForPrev(key);
  } else {
    at_->Seek(key);
  }
}

void CatalogCursor::to_after(std::string_view suffix) {
  to(suffix);
  if (is_valid() && this->suffix() == suffix) next();
}

void CatalogCursor::next() {
  count_row();
  if (range_.descending) {
    at_->Prev();
  } else {
    at_->Next();
  }
}

bool CatalogCursor::has_reached(std::string_view suffix) const {
  return range_.descending ? this->suffix() <= suffix : this->suffix() >= suffix;
}

Result<void> CatalogCursor::ended() const {
  const ::rocksdb::Status status = over_.ok() ? at_->status() : over_;
  if (status.ok()) return {};
  return error_of(status, "scanning", "catalog");
}

}  // namespace tallygate::store
