#include "gateway/lifecycle/beginning.h"

namespace tallygate::lifecycle {
namespace {

Result<std::optional<Predecessor>> find_predecessor(const std::string& store_path, bool take_over) {
  if (take_over) return Predecessor::find(store_path);
  if (!connect_to_gate(store_path)) return std::optional<Predecessor>{};
  return make_error(Errc::storage_unavailable,
                    "another gate runs on the store " + store_path +
                        "; with --take-over this one replaces it, and no request is lost");
}

}  // namespace

Result<Beginning> begin(const config::Settings& settings, std::uint32_t workers, bool take_over) {
  Beginning beginning;
  auto inherited = inherited_listeners(settings.listeners);
  if (!inherited) return inherited.error();
  beginning.listeners = std::move(*inherited);
  auto found = find_predecessor(settings.store.path, take_over);
  if (!found) return found.error();
  beginning.predecessor = std::move(*found);
  if (beginning.predecessor) {
    auto offered = keep_matching(beginning.predecessor->listeners(), settings.listeners);
    if (beginning.listeners.data.empty()) beginning.listeners.data.swap(offered.data);
    if (beginning.listeners.admin.empty()) beginning.listeners.admin.swap(offered.admin);
    close_all(offered);
  }
  auto bound = bind_missing(settings.listeners, workers, beginning.listeners);
  if (!bound) return bound.error();
  return beginning;
}

}  // namespace tallygate::lifecycle
