#include "gateway/control/not_yet.h"

namespace tallygate {

std::vector<std::string> settings_without_effect(const config::Settings& settings) {
  std::vector<std::string> keys;
  const auto note = [&](bool is_set, const char* key) {
    if (is_set) keys.push_back(std::string(key) + " has no effect in this version");
  };
  note(settings.capture.bodies != config::CaptureBodies::none, "capture.bodies");
  note(!settings.telemetry.otlp.endpoint.empty(), "telemetry.otlp");
  note(!settings.improve.fine_tuning.target.empty(), "improve.fine_tuning");
  return keys;
}

}  // namespace tallygate
