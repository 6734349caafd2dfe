#include "gateway/control/not_yet.h"

#include <gtest/gtest.h>

namespace tallygate {
namespace {

TEST(NotYet, IsSilentAboutTheDefaults) { EXPECT_TRUE(settings_without_effect({}).empty()); }

TEST(NotYet, NamesEachKeyThatDoesNothing) {
  config::Settings settings;
  settings.telemetry.otlp.endpoint = "http://127.0.0.1:4318";
  settings.capture.bodies = config::CaptureBodies::all;
  const auto keys = settings_without_effect(settings);
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0], "capture.bodies has no effect in this version");
  EXPECT_EQ(keys[1], "telemetry.otlp has no effect in this version");
}

}  // namespace
}  // namespace tallygate
