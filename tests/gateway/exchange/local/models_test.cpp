#include "gateway/exchange/local/models.h"

#include <gtest/gtest.h>

#include "tests/router/fixture.h"

namespace tallygate {
namespace {

struct Catalog {
  config::Settings settings = router::small_settings();
  store::Names names;

  std::shared_ptr<const router::Snapshot> snapshot() {
    router::Naming naming;
    naming.intern = [this](std::string_view text) { return names.intern(text); };
    naming.target_slot = [](const std::string&, const config::Target&) { return 0U; };
    return router::build_snapshot(settings, 1, naming);
  }
  std::string list() { return render_models(*snapshot(), names); }
  std::string one(std::string_view id) {
    const Result<std::string> model = render_model(*snapshot(), names, id);
    return model.has_value() ? *model : std::string(traits_of(model.error().code).code);
  }
};

std::string object(const std::string& escaped_id) {
  return R"({"id":")" + escaped_id + R"(","object":"model","created":0,"owned_by":"tallygate"})";
}

TEST(Models, AreListedByName) {
  EXPECT_EQ(Catalog{}.list(), R"({"object":"list","data":[)" + object("chat") + "," +
                                  object("claude") + "," + object("spare") + "]}");
}

TEST(Models, MayBeNone) {
  Catalog catalog;
  catalog.settings.routes.clear();
  EXPECT_EQ(catalog.list(), R"({"object":"list","data":[]})");
  EXPECT_EQ(catalog.one("chat"), "model_not_found");
}

TEST(Models, AreEscaped) {
  Catalog catalog;
  const config::Route route = catalog.settings.routes["chat"];
  catalog.settings.routes.clear();
  const std::string name = "a\"b\\c\n\x01<d>";
  catalog.settings.routes[name] = route;
  catalog.settings.routes[name].fallbacks.clear();
  EXPECT_EQ(catalog.list(),
            R"({"object":"list","data":[)" + object(R"(a\"b\\c\n\u0001\u003cd\u003e)") + "]}");
  EXPECT_EQ(catalog.one("a%22b%5Cc%0A%01%3Cd%3E"), object(R"(a\"b\\c\n\u0001\u003cd\u003e)"));
}

TEST(Models, AreFoundByRouteAndVersion) {
  Catalog catalog;
  EXPECT_EQ(catalog.one("chat"), object("chat"));
  EXPECT_EQ(catalog.one("chat@2"), object("chat@2"));
  EXPECT_EQ(catalog.one("chat%402"), object("chat@2"));
  EXPECT_EQ(catalog.one("chat:1"), object("chat:1"));
  EXPECT_EQ(catalog.one("%63hat"), object("chat"));
}

TEST(Models, AreNotFoundOtherwise) {
  Catalog catalog;
  for (const std::string_view id : {"", "nope", "chat@3", "chat@", "@", "chat%00", "chat%",
                                    "chat%4", "chat%zz", "../chat", "chat/", "Chat"}) {
    EXPECT_EQ(catalog.one(id), "model_not_found") << id;
  }
}

}  // namespace
}  // namespace tallygate
