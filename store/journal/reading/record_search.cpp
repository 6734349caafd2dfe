#include "store/journal/reading/record_search.h"

#include <algorithm>
#include <utility>

#include "store/journal/codec/record_codec.h"

namespace tallygate::store {
namespace {

bool fits(router::NameId asked, router::NameId name) { return asked == 0 || asked == name; }

template <class T>
bool fits(const std::optional<T>& asked, T value) {
  return !asked || *asked == value;
}

}  // namespace

bool RecordSearch::matches(const router::Record& record) const {
  return fits(route, record.route) && fits(assigned_version, record.assigned_version) &&
         fits(version, record.served_version) && fits(target, record.target) &&
         fits(experiment, record.experiment) && fits(variant, record.variant) &&
         fits(outcome, record.outcome) && fits(status, record.status) &&
         fits(error, record.error) && !(error && record.outcome == router::Outcome::ok);
}

PageSearch::PageSearch(const RecordSearch& search, WallTime cutoff)
    : search_(search), since_(std::max(cutoff, search.since.value_or(cutoff))) {}

Result<bool> PageSearch::add_batch(std::uint64_t number, std::string_view batch) {
  batch_.clear();
  while (!batch.empty()) {
    const auto stored = take_record(batch);
    if (!stored) return stored.error();
    batch_.push_back(*stored);
  }
  for (std::size_t i = batch_.size(); i-- > 0;) {
    const LogPlace place{number, static_cast<std::uint32_t>(i)};
    if (search_.before && place >= *search_.before) continue;
    const auto added = add(batch_[i]);
    if (!added) return added.error();
    if (!*added) {
      page_.next = last_;
      return false;
    }
    last_ = place;
  }
  return true;
}

Result<bool> PageSearch::add(const StoredRecord& stored) {
  const WallTime made = time_of(stored.id);
  if (made < since_ || (search_.until && made >= *search_.until)) return true;
  if (decoded_ == search_.limits.records) return false;
  ++decoded_;
  auto record = decode_record(stored.id, stored.bytes);
  if (!record) return record.error();
  if (!search_.matches(*record)) return true;
  if (page_.records.size() == search_.limit) return false;
  page_.records.push_back(std::move(*record));
  return true;
}

bool PageSearch::cut_short() {
  page_.next = last_;
  return last_.has_value();
}

RecordPage PageSearch::take() { return std::move(page_); }

}  // namespace tallygate::store
