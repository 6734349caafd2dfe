#pragma once
// Versions, tests and times for what concerns A/B tests.

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/registry/experiments/ab_test_rules.h"

namespace tallygate::registry {

inline WallTime day(int number) {
  return WallTime{std::chrono::seconds{1'750'000'000}} + std::chrono::hours{24} * number;
}

inline Uuid test_id(std::uint64_t number) {
  return make_uuid_v7(day(0) + std::chrono::milliseconds{number}, 1, number);
}

inline ModelVersion version_of_chat(const std::string& version, bool active = true) {
  ModelVersion made;
  made.id = "v" + version;
  made.version = version;
  made.model_type = "chat";
  made.active = active;
  return made;
}

/// chat 1.0.0 (default), 2.0.0, 3.0.0, the inactive 4.0.0, and one of another model type.
inline std::vector<ModelVersion> some_versions() {
  std::vector<ModelVersion> versions{version_of_chat("1.0.0"), version_of_chat("2.0.0"),
                                     version_of_chat("3.0.0"), version_of_chat("4.0.0", false),
                                     version_of_chat("9.0.0")};
  versions[0].is_default = true;
  versions[4].model_type = "other";
  return versions;
}

inline AbTestRequest some_request(double share_of_a = 0.5) {
  AbTestRequest request;
  request.name = "shorter prompt";
  request.model_type = "chat";
  request.arms = {{"a", "1.0.0", share_of_a}, {"b", "2.0.0", 1 - share_of_a}};
  return request;
}

inline AbTest some_draft(std::uint64_t number = 1, const AbTestRequest& request = some_request()) {
  return make_ab_test(request, some_versions(), test_id(number), day(1)).value();
}

inline AbTest some_active(std::uint64_t number = 1, const AbTestRequest& request = some_request()) {
  return after_start(some_draft(number, request), {}, some_versions(), day(2)).value().test;
}

}  // namespace tallygate::registry
