#pragma once
// Small settings, names and health for the tests of router/: no files, no YAML.

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "config/settings.h"
#include "router/plan.h"
#include "router/snapshot.h"

namespace tallygate::router {

/// Interns names and hands out target slots, both counting from 1.
struct TestNames {
  std::map<std::string, NameId, std::less<>> ids;
  std::map<std::string, TargetSlot, std::less<>> slots;

  NameId id(std::string_view text) {
    const auto next = static_cast<NameId>(ids.size() + 1);
    return ids.emplace(text, next).first->second;
  }
  TargetSlot slot(const std::string& target) {
    const auto next = static_cast<TargetSlot>(slots.size() + 1);
    return slots.emplace(target, next).first->second;
  }
  std::string text(NameId wanted) const {
    for (const auto& [name, known] : ids) {
      if (known == wanted) return name;
    }
    return "";
  }
  Naming naming() {
    return {[this](std::string_view text) { return id(text); },
            [this](const std::string& name, const config::Target&) { return slot(name); }};
  }
};

inline config::Version version_on(std::vector<std::string> targets, bool is_default = false) {
  config::Version version;
  version.targets = std::move(targets);
  version.is_default = is_default;
  return version;
}

inline config::Experiment experiment_between(const std::string& a, const std::string& b,
                                             double share_of_a = 50) {
  config::Experiment experiment;
  experiment.name = "test";
  experiment.variants = {{"a", a}, {"b", b}};
  experiment.split = {{"a", share_of_a}, {"b", 100 - share_of_a}};
  experiment.status = config::ExperimentStatus::active;
  return experiment;
}

/// Route "chat" with versions 1 (default, target t1) and 2 (targets t2, t3), falling back to route
/// "spare" (version 9 on t9); "claude" is on t7, which speaks Anthropic.
inline config::Settings small_settings() {
  config::Settings settings;
  for (const char* name : {"t1", "t2", "t3", "t7", "t9"}) settings.targets[name] = {};
  settings.targets["t7"].protocol = config::Protocol::anthropic;
  config::Route& chat = settings.routes["chat"];
  chat.versions = {{"1", version_on({"t1"}, true)}, {"2", version_on({"t2", "t3"})}};
  chat.fallbacks = {"spare"};
  settings.routes["spare"].versions = {{"9", version_on({"t9"}, true)}};
  settings.routes["claude"].versions = {{"7", version_on({"t7"}, true)}};
  return settings;
}

/// A board on which the listed slots are benched until the given time.
struct TestHealth {
  std::map<TargetSlot, SteadyTime> benched_until;

  HealthView view() const {
    return {this, [](const void* board, TargetSlot slot) {
              const auto& benched = static_cast<const TestHealth*>(board)->benched_until;
              const auto found = benched.find(slot);
              return found == benched.end() ? HealthState{} : HealthState{found->second, 3};
            }};
  }
};

/// Settings, health and one call; answers as text, so that tests read as tables.
struct Gate {
  static constexpr SteadyTime now = SteadyTime{} + std::chrono::hours{1000};

  config::Settings settings = small_settings();
  TestNames names;
  TestHealth health;
  std::shared_ptr<const Snapshot> snapshot;

  Result<Plan> plan(std::string_view model, std::string_view unit = "", std::uint64_t dice = 0,
                    config::Protocol protocol = config::Protocol::openai) {
    if (!snapshot) snapshot = build_snapshot(settings, 1, names.naming());
    RequestFacts facts;
    facts.model = model;
    facts.unit = unit;
    facts.protocol = protocol;
    return plan_route(*snapshot, health.view(), facts, now, dice);
  }

  void bench(const std::string& target, SteadyTime until) {
    health.benched_until[names.slot(target)] = until;
  }

  /// "version: target target ...", with a mark when degraded; or the error's message.
  std::string text(const Result<Plan>& plan) const {
    if (!plan) return plan.error().message;
    std::string out = names.text(plan->version) + ":";
    for (std::size_t i = 0; i < plan->candidate_count; ++i) {
      out += " " + names.text(plan->candidates[i].target);
    }
    return out + (plan->degraded ? " (degraded)" : "");
  }
};

}  // namespace tallygate::router
