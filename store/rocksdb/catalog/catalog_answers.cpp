#include "store/rocksdb/catalog/catalog_answers.h"

#include <algorithm>

#include "store/catalog/catalog_codec.h"
#include "store/catalog/catalog_keys.h"
#include "store/rocksdb/catalog/catalog_cursor.h"

namespace tallygate::store {
namespace {

constexpr int kRemovedAtOnce = 16;
constexpr std::size_t kTimeBytes = sizeof(std::uint64_t);

Result<std::optional<RememberedAnswer>> read_answer(const CatalogDatabase& database,
                                                    std::string_view key) {
  const auto value = database.get(CatalogFamily::answers, key);
  if (!value) return value.error();
  if (!*value) return std::optional<RememberedAnswer>();
  auto answer = decode_answer(**value);
  if (!answer) return answer.error();
  answer->key = key;
  return std::optional(std::move(*answer));
}

bool is_alive(const RememberedAnswer& answer, WallTime now) {
  return now - answer.at < kAnswerLife;
}

}  // namespace

Result<std::optional<RememberedAnswer>> recall_answer(const CatalogDatabase& database,
                                                      std::string_view key, WallTime now) {
  auto answer = read_answer(database, key);
  if (answer && *answer && !is_alive(**answer, now)) answer->reset();
  return answer;
}

Result<AnswerBook> AnswerBook::load(const CatalogDatabase& database, std::uint64_t max_answers) {
  AnswerBook book;
  book.max_answers_ = std::max<std::uint64_t>(max_answers, 1);
  CatalogCursor cursor(database, {CatalogFamily::answer_times, "", false, nullptr, nullptr});
  for (cursor.to_first(); cursor.is_valid(); cursor.next()) {
    if (book.count_++ == 0) book.oldest_ = cursor.suffix();
  }
  if (auto ended = cursor.ended(); !ended) return ended.error();
  return book;
}

Result<void> AnswerBook::stage(const CatalogDatabase& database, const RememberedAnswer& answer,
                               WallTime now, ::rocksdb::WriteBatch& batch) {
  const auto before = read_answer(database, answer.key);
  if (!before) return before.error();
  if (*before && is_alive(**before, now)) {
    return make_error(Errc::conflict,
                      "a write with this Idempotency-Key was done already; send it again to get "
                      "its answer, or use a new key for a new write",
                      "Idempotency-Key");
  }
  const std::string added = time_prefix(answer.at) + answer.key;
  std::string replaced;
  staged_count_ = count_ + 1;
  if (*before) {
    replaced = time_prefix((**before).at) + answer.key;
    batch.Delete(database.family(CatalogFamily::answer_times), replaced);
    --staged_count_;
  }
  if (auto removed = stage_removals(database, added, replaced, now, batch); !removed) {
    return removed;
  }
  batch.Put(database.family(CatalogFamily::answers), answer.key, encode_answer(answer));
  batch.Put(database.family(CatalogFamily::answer_times), added, {});
  return {};
}

Result<void> AnswerBook::stage_removals(const CatalogDatabase& database, const std::string& added,
                                        const std::string& replaced, WallTime now,
                                        ::rocksdb::WriteBatch& batch) {
  const std::string alive_from = time_prefix(now - kAnswerLife + std::chrono::microseconds{1});
  CatalogCursor cursor(database, {CatalogFamily::answer_times, "", false, nullptr, nullptr});
  cursor.to(oldest_);
  for (int left = kRemovedAtOnce; left > 0 && cursor.is_valid(); --left, cursor.next()) {
    const std::string_view time_key = cursor.suffix();
    const bool expired = time_key < alive_from;
    if (!expired && staged_count_ <= max_answers_) break;
    if (time_key == replaced) continue;
    batch.Delete(database.family(CatalogFamily::answer_times), slice(time_key));
    batch.Delete(database.family(CatalogFamily::answers), slice(time_key.substr(kTimeBytes)));
    --staged_count_;
  }
  staged_oldest_ = added;
  if (cursor.is_valid() && cursor.suffix() < added) staged_oldest_ = cursor.suffix();
  return cursor.ended();
}

void AnswerBook::after_write() {
  count_ = staged_count_;
  oldest_ = staged_oldest_;
}

}  // namespace tallygate::store
