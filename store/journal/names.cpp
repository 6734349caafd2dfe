#include "store/journal/names.h"

#include "base/assert.h"

namespace tallygate::store {

Names::Names() = default;

Names::~Names() {
  for (auto& chunk : chunks_) delete chunk.load(std::memory_order_relaxed);
}

std::string* Names::place(router::NameId id) {
  auto& slot = chunks_[id / kChunk];
  Chunk* chunk = slot.load(std::memory_order_relaxed);
  if (chunk == nullptr) {
    chunk = new Chunk;
    slot.store(chunk, std::memory_order_release);
  }
  return &(*chunk)[id % kChunk];
}

router::NameId Names::intern(std::string_view text) {
  if (text.empty()) return 0;
  const std::lock_guard lock(mutex_);
  if (const auto found = ids_.find(text); found != ids_.end()) return found->second;
  const router::NameId id = size_.load(std::memory_order_relaxed) + 1;
  if (id >= kChunk * kMaxChunks) return 0;
  std::string* const placed = place(id);
  placed->assign(text);
  ids_.emplace(std::string_view(*placed), id);
  size_.store(id, std::memory_order_release);
  return id;
}

router::NameId Names::find(std::string_view text) const {
  const std::lock_guard lock(mutex_);
  const auto found = ids_.find(text);
  return found == ids_.end() ? 0 : found->second;
}

std::string_view Names::text(router::NameId id) const {
  if (id == 0 || id > size()) return {};
  const Chunk* const chunk = chunks_[id / kChunk].load(std::memory_order_acquire);
  return chunk == nullptr ? std::string_view{} : std::string_view((*chunk)[id % kChunk]);
}

void Names::restore(router::NameId id, std::string_view text) {
  TG_ASSERT(id != 0 && id < kChunk * kMaxChunks);
  const std::lock_guard lock(mutex_);
  std::string* const placed = place(id);
  TG_ASSERT(placed->empty());
  placed->assign(text);
  ids_.emplace(std::string_view(*placed), id);
  if (id > size_.load(std::memory_order_relaxed)) size_.store(id, std::memory_order_release);
}

}  // namespace tallygate::store
