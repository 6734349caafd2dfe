#include "gateway/control/upkeep/recovery_probe.h"

#include <gtest/gtest.h>

#include "store/journal/names.h"

namespace tallygate {
namespace {

std::string text_of(config::Target settings) {
  store::Names names;
  const auto target = make_upstream_target("t", settings, 0, 1, names);
  if (target.has_error()) return target.error().message;
  const OutboundCall call = probe_of(**target, std::chrono::seconds{1});
  std::string text = call.is_post ? "POST " : "GET ";
  text += call.target + " " + call.host_header + " " + call.host + " " + call.port;
  for (const auto& [name, value] : call.fields) text += " | " + name + "=" + value;
  return text;
}

TEST(RecoveryProbe, AsksWithTheTargetsOwnCredential) {
  config::Target settings;
  settings.url = "http://127.0.0.1:9001/v1/";
  settings.model = "llama";
  EXPECT_EQ(text_of(settings), "GET /v1/models 127.0.0.1:9001 127.0.0.1 9001");
  settings.api_key.value = "sk-ours";
  EXPECT_EQ(text_of(settings),
            "GET /v1/models 127.0.0.1:9001 127.0.0.1 9001 | Authorization=Bearer sk-ours");
  settings.protocol = config::Protocol::anthropic;
  EXPECT_EQ(text_of(settings),
            "GET /v1/models 127.0.0.1:9001 127.0.0.1 9001 | x-api-key=sk-ours | "
            "anthropic-version=2023-06-01");
}

TEST(RecoveryProbe, ObeysTheTargetsAddressRules) {
  config::Target settings;
  settings.url = "http://10.0.0.1:9001";
  settings.model = "llama";
  settings.allow_private = false;
  store::Names names;
  const auto target = make_upstream_target("t", settings, 0, 1, names);
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(probe_of(**target, std::chrono::seconds{1}).private_ones,
            config::PrivateAddresses::refused);
}

}  // namespace
}  // namespace tallygate
