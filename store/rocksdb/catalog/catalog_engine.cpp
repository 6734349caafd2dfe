#include "store/rocksdb/catalog/catalog_engine.h"

#include <chrono>
#include <thread>

#include "store/bytes.h"
#include "store/catalog/catalog_rules.h"
#include "store/journal/store_switch.h"
#include "store/rocksdb/backup_engine.h"
#include "store/rocksdb/catalog/audit_retention.h"
#include "store/rocksdb/catalog/catalog_reads.h"
#include "store/rocksdb/errors.h"

namespace tallygate::store {
namespace {

/// Between two tries of a write that RocksDB puts off; in all about 0.4 s.
constexpr std::chrono::milliseconds kFirstWait{5};
constexpr std::chrono::milliseconds kLastWait{200};

}  // namespace

template <class Read>
auto CatalogEngine::with_database(const Read& read) const
    -> decltype(read(std::declval<CatalogDatabase&>())) {
  const std::shared_lock lock(database_mutex_);
  if (database_ == nullptr) {
    return make_error(Errc::storage_unavailable,
                      "catalog '" + options_.path + "': it is not open; see the log for why");
  }
  return read(*database_);
}

Result<void> CatalogEngine::open() {
  if (auto whole = check_no_unfinished_restore(options_.path); !whole) return whole;
  const std::lock_guard writing(write_mutex_);
  return reopen(FolderMustBe::writable);
}

Result<void> CatalogEngine::be_writable() {
  const FolderIdentity here = identity_of(options_.path);
  if (here == FolderIdentity{}) {
    // What is open can still be read.
    const auto gone = prepare_directory(options_.path, "catalog", FolderMustBe::there);
    if (!gone) {
      note_failure(StoreTrouble::gone, gone.error().message);
      return gone;
    }
  }
  if (is_writable_ && here == opened_ && !background_->failed.load()) {
    const std::lock_guard told(status_mutex_);
    status_.trouble = StoreTrouble::none;
    return {};
  }
  const auto opened = reopen(FolderMustBe::there);
  if (opened) return opened;
  note_failure(
      opened.error().code == Errc::storage_corrupt ? StoreTrouble::corrupt : StoreTrouble::refused,
      opened.error().message);
  return make_error(Errc::storage_unavailable, opened.error().message);
}

void CatalogEngine::note_failure(StoreTrouble trouble, const std::string& what) {
  const std::lock_guard lock(status_mutex_);
  ++status_.write_errors;
  status_.trouble = trouble;
  status_.last_error = what;
}

CatalogStatus CatalogEngine::status() const {
  const std::lock_guard lock(status_mutex_);
  return status_;
}

Result<void> CatalogEngine::reopen(FolderMustBe folder) {
  const std::unique_lock lock(database_mutex_);
  is_writable_ = false;
  const bool was_open = database_ != nullptr;
  database_.reset();  // it holds the lock
  background_->failed.store(false);
  const auto mode = CatalogDatabase::Mode::read_write;
  auto opened = CatalogDatabase::open(options_, mode, folder, background_);
  if (!opened) {
    if (was_open) {
      auto readable = CatalogDatabase::open(options_, CatalogDatabase::Mode::read_only, folder);
      if (readable) database_ = std::move(*readable);
    }
    return opened.error();
  }
  if (auto loaded = load(**opened); !loaded) return loaded;
  database_ = std::move(*opened);
  is_writable_ = true;
  opened_ = identity_of(options_.path);
  const std::lock_guard told(status_mutex_);
  status_.trouble = StoreTrouble::none;
  if (folder == FolderMustBe::there) ++status_.reopened;
  return {};
}

Result<void> CatalogEngine::load(const CatalogDatabase& database) {
  const auto transactions = database.counter(kTransactionsKey);
  if (!transactions) return transactions.error();
  const auto last_audit = database.counter(kAuditKey);
  if (!last_audit) return last_audit.error();
  auto answers = AnswerBook::load(database, options_.max_remembered_answers);
  if (!answers) return answers.error();
  transactions_ = *transactions;
  last_audit_ = *last_audit;
  answers_ = std::move(*answers);
  return {};
}

Result<std::vector<Document>> CatalogEngine::transact(const Transaction& transaction) {
  if (auto fits = check_sizes(transaction); !fits) return fits.error();
  auto written = write(transaction);
  if (!written) return written;
  std::shared_ptr<const Watchers> watchers;
  {
    const std::lock_guard lock(watchers_mutex_);
    watchers = watchers_;
  }
  for (const auto& changed : *watchers) changed(*written);
  return written;
}

Result<std::vector<Document>> CatalogEngine::write(const Transaction& transaction) {
  const std::lock_guard writing(write_mutex_);
  if (auto ready = be_writable(); !ready) return ready.error();
  CatalogTransaction staged(*database_, last_audit_);
  auto written = staged.stage(transaction);
  if (!written) return written;
  if (transaction.remember) {
    auto remembered =
        answers_.stage(*database_, *transaction.remember, transaction.now, staged.batch());
    if (!remembered) return remembered.error();
  }
  if (auto committed = commit(staged, transaction.remember.has_value()); !committed) {
    return committed.error();
  }
  return written;
}

Result<void> CatalogEngine::commit(CatalogTransaction& staged, bool remembers) {
  const std::uint64_t number = transactions_ + 1;
  staged.batch().Put(database_->family(CatalogFamily::meta), kTransactionsKey, big_endian(number));
  const auto status = write_patiently(staged.batch());
  if (status.ok()) {
    transactions_ = number;
    last_audit_ = staged.last_audit();
    if (remembers) answers_.after_write();
    return {};
  }
  // It may have reached the log all the same; then opening has just replayed it, and it counts.
  const auto opened = reopen(FolderMustBe::there);
  if (opened && transactions_ >= number) return {};
  const Error error = error_of(status, "writing a transaction", "catalog");
  note_failure(trouble_of(status), error.message);
  return make_error(Errc::storage_unavailable, error.message);
}

::rocksdb::Status CatalogEngine::write_patiently(::rocksdb::WriteBatch& batch) {
  auto wait = kFirstWait;
  while (true) {
    const auto status = database_->engine().Write(catalog_write_options(), &batch);
    if (!status.IsIncomplete() || wait > kLastWait) return status;
    std::this_thread::sleep_for(wait);
    wait *= 2;
  }
}

Result<std::uint32_t> CatalogEngine::purge_audit(WallTime before, std::uint32_t limit) {
  const std::lock_guard writing(write_mutex_);
  if (auto ready = be_writable(); !ready) return ready.error();
  ::rocksdb::WriteBatch batch;
  const auto removed = stage_audit_removal(*database_, before, limit, batch);
  if (!removed || *removed == 0) return removed;
  const auto status = write_patiently(batch);
  if (status.ok()) return removed;
  is_writable_ = false;  // opened again by the next write
  const Error error = error_of(status, "removing old audit entries", "catalog");
  note_failure(trouble_of(status), error.message);
  return error;
}

Result<Document> CatalogEngine::find(std::string_view kind, std::string_view id) const {
  return with_database([&](auto& database) { return find_document(database, kind, id); });
}

Result<DocumentPage> CatalogEngine::list(const DocumentQuery& query) const {
  return with_database([&](auto& database) { return list_documents(database, query); });
}

Result<std::vector<Document>> CatalogEngine::all(std::string_view kind) const {
  return with_database([&](auto& database) { return all_documents(database, kind); });
}

Result<std::optional<RememberedAnswer>> CatalogEngine::recall(std::string_view key,
                                                              WallTime now) const {
  return with_database([&](auto& database) { return recall_answer(database, key, now); });
}

Result<std::vector<AuditEntry>> CatalogEngine::audit(const AuditQuery& query) const {
  return with_database([&](auto& database) { return list_audit(database, query); });
}

void CatalogEngine::watch(std::function<void(const std::vector<Document>&)> changed) {
  const std::lock_guard lock(watchers_mutex_);
  auto watchers = std::make_shared<Watchers>(*watchers_);
  watchers->push_back(std::move(changed));
  watchers_ = std::move(watchers);
}

Result<std::uint32_t> CatalogEngine::backup(const std::string& folder) {
  return with_database(
      [&](auto& database) { return back_up(database.engine(), folder, "catalog"); });
}

Result<std::unique_ptr<Catalog>> open_embedded_catalog(const CatalogOptions& options) {
  auto engine = std::make_unique<CatalogEngine>(options);
  if (auto opened = engine->open(); !opened) return opened.error();
  return std::unique_ptr<Catalog>(std::move(engine));
}

Result<std::unique_ptr<Catalog>> open_catalog(const std::string& path) {
  return open_embedded_catalog(CatalogOptions{.path = path});
}

}  // namespace tallygate::store
