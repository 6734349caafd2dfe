#pragma once
// What the gate routes by at the moment: the file's settings, the catalog's documents, and the view
// made of both that every worker holds. One change at a time; a change that cannot be made leaves
// all as it was. Its functions block until every worker has adopted: pool threads only.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "gateway/control/documents.h"
#include "gateway/control/view/view_builder.h"
#include "gateway/upstream/resolver.h"
#include "store/journal/journal.h"

namespace tallygate {

class RoutingTable {
 public:
  using View = ViewBuilder::View;
  using FileSettings = std::shared_ptr<const config::Settings>;

  RoutingTable(asio::io_context& io, HealthBoard& health, store::Names& names,
               store::Catalog& catalog, store::Journal& journal, const Certificates& certificates);

  /// Where client keys are looked up; before the first view.
  void set_keys(access::KeyBook& keys) { builder_.set_keys(keys); }
  /// The first view, before there are workers.
  Result<View> prepare(FileSettings file, std::uint32_t worker_count, WallTime now);
  /// From now on views are built on `io` and `workers` adopt them.
  void begin(std::vector<std::unique_ptr<Worker>>& workers);
  void stop() { resolver_.stop(); }

  /// Another file: its tests are written to the catalog, then it is in force.
  Result<void> change_file(FileSettings file, WallTime now);
  /// The documents have changed.
  Result<void> publish();
  /// The client keys have changed.
  void publish_keys();
  /// New connections get the certificates that are in force now.
  void adopt_certificates();
  /// The order of auto pools and of fallbacks follows what was measured.
  void rank_again();

  FileSettings file() const;
  View view() const;
  const Documents& documents() const { return documents_; }
  std::optional<router::TargetSlot> slot_of(router::NameId target) const;
  std::map<router::NameId, router::TargetSlot> slots() const;

 private:
  Routing routing_of(const config::Settings& file, std::span<const registry::AbTest> tests);
  Result<void> write_tests(std::span<const registry::AbTest> tests, WallTime now);
  Result<View> build(const Routing& routing);
  void adopt(const View& view);
  router::Performance measured(const config::Settings& settings) const;

  asio::io_context& io_;
  store::Catalog& catalog_;
  store::Journal& journal_;
  Documents documents_;
  ViewBuilder builder_;
  Resolver resolver_;
  std::vector<std::unique_ptr<Worker>>* workers_ = nullptr;
  std::mutex changing_;
  std::vector<std::string> warned_;  ///< so that a warning is given once, under changing_

  mutable std::mutex mutex_;  ///< of what follows
  FileSettings file_;
  View view_;
  std::map<router::NameId, router::TargetSlot> slots_;
};

}  // namespace tallygate
