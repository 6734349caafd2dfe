#pragma once
// Builds what workers route by from settings, running tests and measured performance. Control
// thread only (and the starter's, before there is one).

#include <cstdint>
#include <map>
#include <memory>

#include "gateway/access/key_book.h"
#include "gateway/control/documents.h"
#include "gateway/control/upkeep/certificates.h"
#include "gateway/upstream/target_registry.h"
#include "gateway/worker.h"
#include "router/experiment/running_test.h"
#include "router/selection/performance.h"

namespace tallygate {

/// The configuration file merged with the catalog.
struct Routing {
  std::shared_ptr<const config::Settings> settings;
  router::RunningTests tests;
  Documents::Keys keys;
};

class ViewBuilder {
 public:
  using View = std::shared_ptr<const WorkerView>;

  ViewBuilder(HealthBoard& health, store::Names& names, const Certificates& certificates)
      : names_(names), certificates_(certificates), targets_(health, names) {}

  void set_worker_count(std::uint32_t count) { worker_count_ = count; }
  void set_keys(access::KeyBook& keys) { keys_ = &keys; }

  /// Errors are those of targets; nothing is changed then.
  Result<View> build(const Routing& routing, const router::Performance& measured);
  /// `view` with its auto pools ranked anew; `view` itself if no order changes.
  View ranked_again(const View& view, const router::Performance& measured);
  /// `view` with these keys. Cannot fail: a key that is revoked is out whatever else is wrong.
  View with_keys(const View& view, const Documents::Keys& keys);

  /// `view` with the certificates that are in force now.
  View with_certificates(const View& view) const;

  /// Of the view that was built last, by the names of records.
  std::map<router::NameId, router::TargetSlot> slots_by_name() const;

 private:
  /// The same one as before while the keys are the same, so that what connections keep stays valid.
  access::KeyTablePtr key_table(const Documents::Keys& keys);

  access::KeyBook* keys_ = nullptr;
  Documents::Keys table_of_;
  access::KeyTablePtr table_;
  store::Names& names_;
  const Certificates& certificates_;
  TargetRegistry targets_;
  std::uint32_t worker_count_ = 1;
  std::uint64_t generation_ = 0;
};

}  // namespace tallygate
