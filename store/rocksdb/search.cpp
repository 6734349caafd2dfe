// Database's part that searches its log from the newest record on.

#include <algorithm>

#include "store/bytes.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/errors.h"

namespace tallygate::store {
namespace {

/// A request is committed when it ends, and its id is of its start. So much later a search for what
/// was made before some time begins; it covers a clock that was set back, too.
constexpr std::chrono::hours kLongestRequest{24};

struct Batches {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

Result<Batches> batches_of(const Database& database, WallTime since, const RecordSearch& search) {
  Batches batches{0, UINT64_MAX};
  if (since > WallTime{}) {
    const auto before = database.last_batch_before(since);
    if (!before) return before.error();
    batches.first = *before + 1;
  }
  if (search.until) {
    const auto last = database.last_batch_committed_before(*search.until + kLongestRequest);
    if (!last) return last.error();
    batches.last = *last;
  }
  if (search.before) {
    const auto& [batch, index] = *search.before;
    batches.last = std::min(batches.last, index == 0 && batch > 0 ? batch - 1 : batch);
  }
  return batches;
}

}  // namespace

Result<std::uint64_t> Database::last_batch_committed_before(WallTime time) const {
  const auto before = last_batch_before(time);
  if (!before) return before.error();
  const std::unique_ptr<::rocksdb::Iterator> at(
      engine_->NewIterator(journal_scan_options(), family(Family::times)));
  at->Seek(big_endian(*before + 1));
  if (!at->status().ok()) return error_of(at->status(), "reading its times");
  if (!at->Valid()) return UINT64_MAX;
  const auto key = at->key().ToStringView();
  if (key.size() != sizeof(std::uint64_t)) {
    return make_error(Errc::storage_corrupt, "journal: an entry of its times is broken");
  }
  return from_big_endian<std::uint64_t>(key);
}

Result<RecordPage> Database::search(const RecordSearch& search) const {
  const auto cutoff = purged();
  if (!cutoff) return cutoff.error();
  PageSearch page(search, *cutoff);
  const auto batches = batches_of(*this, page.since(), search);
  if (!batches) return batches.error();
  if (batches->first > batches->last) return RecordPage{};
  BoundedRead read(*engine_, {.time = search.limits.time});
  const std::string first = big_endian(batches->first);
  const std::string end = big_endian(batches->last + 1);
  const ::rocksdb::Slice lower_bound(first);
  const ::rocksdb::Slice upper_bound(end);
  auto options = read.options();
  options.iterate_lower_bound = &lower_bound;
  if (batches->last != UINT64_MAX) options.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<::rocksdb::Iterator> at(engine_->NewIterator(options, family(Family::log)));
  ::rocksdb::Status over;
  for (at->SeekToLast(); at->Valid(); at->Prev()) {
    over = read.next_row();
    if (!over.ok()) break;
    const auto key = at->key().ToStringView();
    if (key.size() != sizeof(std::uint64_t)) {
      return make_error(Errc::storage_corrupt, "journal: an entry of its log is broken");
    }
    const auto goes_on =
        page.add_batch(from_big_endian<std::uint64_t>(key), at->value().ToStringView());
    if (!goes_on) return goes_on.error();
    if (!*goes_on) return page.take();
  }
  if (over.ok()) over = at->status();
  const bool is_late = over.IsTimedOut() || over.IsAborted();
  if (!over.ok() && !(is_late && page.cut_short())) return error_of(over, "searching");
  return page.take();
}

}  // namespace tallygate::store
