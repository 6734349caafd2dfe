#include "gateway/exchange/local/user_variant.h"

#include <gtest/gtest.h>

#include "tests/gateway/access/keys.h"
#include "tests/router/fixture.h"

namespace tallygate {
namespace {

struct Routed {
  access::Keys keys;
  access::Caller caller;
  std::shared_ptr<router::Snapshot> snapshot = std::make_shared<router::Snapshot>();
  router::Experiment& experiment = snapshot->experiments.emplace_back();

  /// Route "chat" with a test of "1" against "2".
  Routed() {
    const auto name = [this](std::string_view text) { return keys.names.intern(text); };
    snapshot->versions.resize(2);
    snapshot->versions[0].name = name("1");
    snapshot->versions[1].name = name("2");
    experiment.id = parse_uuid("0190b0a0-0000-7000-8000-000000000000").value();
    experiment.salt = router::salt_of(experiment.id);
    experiment.variants = {0, 1};
    experiment.variant_names = {name("a"), name("b")};
    router::Route& tested = snapshot->routes.emplace_back();
    tested.name = name("chat");
    tested.experiment = 0;
    snapshot->routes.emplace_back().name = name("plain");
    snapshot->route_by_name.emplace("chat", 0);
    snapshot->route_by_name.emplace("plain", 1);
    give_all(1);
  }
  void give_all(std::uint8_t variant) {
    router::SlotTable table;
    table.fill(variant);
    experiment.table = std::make_shared<const router::SlotTable>(table);
  }
  std::string ask(std::string_view query) {
    const auto answer = render_user_variant(*snapshot, keys.names, caller, query);
    return answer ? *answer : std::string(traits_of(answer.error().code).code);
  }
};

TEST(UserVariant, TellsWhatARequestWouldGet) {
  Routed routed;
  EXPECT_EQ(routed.ask("model_type=chat&user_id=ann"),
            R"({"test_id":"0190b0a0-0000-7000-8000-000000000000","variant":"b","version":"2"})");
  const std::uint64_t hash = router::hash_unit("ann", routed.experiment.salt);
  router::SlotTable table;
  table.fill(1);
  table[router::slot_of(hash)] = 0;
  routed.experiment.table = std::make_shared<const router::SlotTable>(table);
  EXPECT_NE(routed.ask("model_type=chat&user_id=ann").find("\"variant\":\"a\""), std::string::npos);
  EXPECT_NE(routed.ask("model_type=chat&user_id=bob").find("\"variant\":\"b\""), std::string::npos);
}

TEST(UserVariant, IsNullWhereThereIsNone) {
  Routed routed;
  EXPECT_EQ(routed.ask("model_type=plain&user_id=ann"), "null");
  EXPECT_EQ(routed.ask("model_type=unknown&user_id=ann"), "null");
  routed.experiment.paused = true;
  EXPECT_EQ(routed.ask("model_type=chat&user_id=ann"), "null");
  routed.experiment.paused = false;
  routed.give_all(router::kNoneSlot);
  EXPECT_EQ(routed.ask("model_type=chat&user_id=ann"), "null");
}

TEST(UserVariant, WantsItsTwoParameters) {
  Routed routed;
  EXPECT_EQ(routed.ask("model_type=chat"), "missing_parameter");
  EXPECT_EQ(routed.ask("user_id=ann"), "missing_parameter");
  EXPECT_EQ(routed.ask("model_type=chat&user_id="), "missing_parameter");
  EXPECT_EQ(routed.ask("model_type=chat&user_id=ann&x=1"), "invalid_parameter");
  EXPECT_EQ(routed.ask("model_type=chat&user_id=%zz"), "invalid_parameter");
  EXPECT_EQ(routed.ask("model_type=chat&user_id=" + std::string(513, 'u')), "invalid_parameter");
}

TEST(UserVariant, IsForTheRoutesOfTheKey) {
  Routed routed;
  const std::string bearer = "Bearer " + routed.keys.add("a");
  routed.keys.documents[0].routes = {"plain"};
  http::RequestHead head;
  head.authorization = bearer;
  routed.caller.identify(head, routed.keys.table(), WallTime{});
  EXPECT_EQ(routed.ask("model_type=chat&user_id=ann"), "forbidden");
  EXPECT_EQ(routed.ask("model_type=plain&user_id=ann"), "null");
}

}  // namespace
}  // namespace tallygate
