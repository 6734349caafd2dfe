#include "gateway/control/not_yet.h"

#include <gtest/gtest.h>

namespace tallygate {
namespace {

TEST(NotYet, IsSilentAboutTheDefaults) {
  EXPECT_TRUE(settings_without_effect({}).empty());
  EXPECT_EQ(unsafe_to_ignore({}), "");
}

TEST(NotYet, NamesEachKeyThatDoesNothing) {
  config::Settings settings;
  settings.min_rate = 1;
  settings.capture.bodies = config::CaptureBodies::all;
  const auto keys = settings_without_effect(settings);
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0], "min_rate has no effect in this version");
  EXPECT_EQ(keys[1], "capture.bodies has no effect in this version");
}

TEST(NotYet, RefusesWhatItWouldBeUnsafeToIgnore) {
  config::Settings encrypted;
  encrypted.listeners.admin.tls.emplace();
  EXPECT_NE(unsafe_to_ignore(encrypted).find("listeners.admin.tls"), std::string::npos);
}

TEST(NotYet, SaysThatNoKeyOpensALockedListener) {
  config::Settings locked;
  locked.listeners.data.require_key = true;
  ASSERT_EQ(settings_without_effect(locked).size(), 1U);
  EXPECT_NE(settings_without_effect(locked)[0].find("401"), std::string::npos);
}

}  // namespace
}  // namespace tallygate
