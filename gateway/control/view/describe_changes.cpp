#include "gateway/control/view/describe_changes.h"

#include <map>

namespace tallygate {
namespace {

template <class Document>
void compare(const std::string& kind, const std::map<std::string, Document>& before,
             const std::map<std::string, Document>& after, std::vector<std::string>& changes) {
  for (const auto& [name, document] : after) {
    const auto old = before.find(name);
    if (old == before.end()) {
      changes.push_back(kind + " " + name + " added");
    } else if (!(old->second == document)) {
      changes.push_back(kind + " " + name + " changed");
    }
  }
  for (const auto& [name, document] : before) {
    if (!after.contains(name)) changes.push_back(kind + " " + name + " removed");
  }
}

template <class Section>
void compare(const std::string& name, const Section& before, const Section& after,
             std::vector<std::string>& changes) {
  if (!(before == after)) changes.push_back(name + " changed");
}

}  // namespace

std::vector<std::string> describe_changes(const config::Settings& before,
                                          const config::Settings& after) {
  std::vector<std::string> changes;
  compare("target", before.targets, after.targets, changes);
  compare("route", before.routes, after.routes, changes);
  compare("auto pool", before.auto_pools, after.auto_pools, changes);
  compare("listeners", before.listeners, after.listeners, changes);
  compare("secrets", before.secrets, after.secrets, changes);
  compare("workers", before.workers, after.workers, changes);
  compare("units", before.unit_sources, after.unit_sources, changes);
  compare("timeouts", before.timeouts, after.timeouts, changes);
  compare("min_rate", before.min_rate, after.min_rate, changes);
  compare("half_close", before.half_close, after.half_close, changes);
  compare("retry", before.retry, after.retry, changes);
  compare("blacklist", before.blacklist, after.blacklist, changes);
  compare("store", before.store, after.store, changes);
  compare("capture", before.capture, after.capture, changes);
  compare("limits", before.limits, after.limits, changes);
  compare("telemetry", before.telemetry, after.telemetry, changes);
  compare("improve", before.improve, after.improve, changes);
  compare("log", before.log, after.log, changes);
  return changes;
}

}  // namespace tallygate
