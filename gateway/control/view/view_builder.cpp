#include "gateway/control/view/view_builder.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "gateway/control/upkeep/process_sample.h"
#include "router/selection/auto_pool.h"

namespace tallygate {

Result<ViewBuilder::View> ViewBuilder::build(const Routing& routing,
                                             const router::Performance& measured) {
  const config::Settings& settings = *routing.settings;
  const std::uint32_t connections = connection_limit(settings);
  auto view = std::make_shared<WorkerView>();
  if (settings.listeners.data.tls) view->data_tls = certificates_.data();
  auto targets = targets_.prepare(settings, connections);
  if (targets.has_error()) return targets.error();
  router::Naming naming;
  naming.intern = [this](std::string_view text) { return names_.intern(text); };
  naming.target_slot = [this](const std::string& name, const config::Target&) {
    return targets_.slot_of(name);
  };
  view->settings = routing.settings;
  view->snapshot =
      router::build_snapshot(settings, ++generation_, naming, &measured, &routing.tests);
  view->targets = std::move(*targets);
  view->keys = key_table(routing.keys);
  view->connection_limit = std::max(1U, connections / worker_count_);
  return View(std::move(view));
}

ViewBuilder::View ViewBuilder::ranked_again(const View& view, const router::Performance& measured) {
  auto snapshot = router::rank_again(view->snapshot, *view->settings, measured, generation_ + 1);
  if (snapshot == view->snapshot) return view;
  ++generation_;
  auto next = std::make_shared<WorkerView>(*view);
  next->snapshot = std::move(snapshot);
  return next;
}

ViewBuilder::View ViewBuilder::with_certificates(const View& view) const {
  auto next = std::make_shared<WorkerView>(*view);
  next->data_tls = certificates_.data();
  return next;
}

ViewBuilder::View ViewBuilder::with_keys(const View& view, const Documents::Keys& keys) {
  auto next = std::make_shared<WorkerView>(*view);
  next->keys = key_table(keys);
  return next;
}

access::KeyTablePtr ViewBuilder::key_table(const Documents::Keys& keys) {
  if (table_ != nullptr && table_of_ == keys) return table_;
  table_ = std::make_shared<const access::KeyTable>(
      *keys, keys_->hasher, keys_->uses,
      [this](std::string_view text) { return names_.intern(text); });
  table_of_ = keys;
  if (table_->unusable() > 0) {
    spdlog::error(
        "{} client keys were made with another pepper and open nothing: put it back (the file {} "
        "of "
        "the store, or secrets.pepper), or rotate them",
        table_->unusable(), access::kPepperFile);
  }
  return table_;
}

std::map<router::NameId, router::TargetSlot> ViewBuilder::slots_by_name() const {
  std::map<router::NameId, router::TargetSlot> slots;
  for (const auto& [name, target] : targets_.current()) slots[target->name] = target->slot;
  return slots;
}

}  // namespace tallygate
