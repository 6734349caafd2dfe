#include "gateway/api/models/versions.h"

#include "gateway/api/models/version_fields.h"
#include "gateway/registry/version_catalog.h"
#include "tests/gateway/api/admin_kit.h"

namespace tallygate::api {
namespace {

const std::string kVersions = "/api/admin/llm-models/versions";
constexpr const char* kMinimal = R"({"name":"n","version":"1.0.0","modelType":"assistant"})";

struct VersionsKit : AdminKit {
  VersionsKit() {
    settings.targets["east"].url = "http://127.0.0.1:9001/v1";
    settings.targets["west"].url = "http://127.0.0.1:9002/v1";
    config::Route& route = settings.routes["filed"];
    route.versions["1.0.0"] = {.targets = {"east"}, .is_default = true};
    route.versions["2.0.0"] = {.targets = {"west"}};
    settings.routes["open"].versions["1.0.0"] = {.targets = {"east"}};
    settings.secrets.allow = {"env:KEY", "env:NONE", "file:/none"};
    context.secrets.env = [](const std::string& name) {
      return name == "KEY" ? std::optional<std::string>("sk-value") : std::nullopt;
    };
    context.secrets.file = [](const std::string& path) {
      return path == "/run/key" ? std::optional<std::string>("sk-file\n") : std::nullopt;
    };
  }

  /// The id of a new version; `more` is further members of the body.
  std::string create(const std::string& version, const std::string& more = {},
                     const std::string& model_type = "assistant") {
    const AdminResponse made =
        post(kVersions, R"({"name":"n","version":")" + version + R"(","modelType":")" + model_type +
                            "\"" + more + "}");
    expect_answer(made, 201, kModelVersionFields);
    return member_of(made, "id");
  }
  std::string default_of(const std::string& model_type) {
    const AdminResponse list = get(kVersions + "?isDefault=true&modelType=" + model_type);
    return member_of(list, "data.0.version");
  }
  AdminResponse make_default(const std::string& id) {
    return post(kVersions + "/" + id + "/make-default");
  }
  AdminResponse roll_back(const std::string& model_type) {
    return post(kVersions + "/rollback", R"({"modelType":")" + model_type + "\"}");
  }
  void add_test(config::ExperimentStatus status, const std::string& version) {
    registry::AbTest test;
    test.id = context.make_id();
    test.name = "which";
    test.model_type = "assistant";
    test.arms = {{"a", version, 0.5}, {"b", "9.9.9", 0.5}};
    test.status = status;
    const char* name = status == config::ExperimentStatus::active   ? "active"
                       : status == config::ExperimentStatus::paused ? "paused"
                                                                    : "draft";
    const auto written = catalog.transact(
        {.writes = {{.kind = std::string(registry::kAbTestKind),
                     .id = to_string(test.id),
                     .body = to_body(test),
                     .index_keys = {"modelType=assistant", std::string("status=") + name},
                     .unique_keys = {},
                     .expected_revision = 0}},
         .actor = "test",
         .action = "create",
         .now = context.now,
         .remember = std::nullopt});
    ASSERT_TRUE(written.has_value());
  }
};

TEST(Versions, AreCreatedWithEverythingThatWasSaid) {
  VersionsKit kit;
  const AdminResponse made = kit.post(
      kVersions,
      R"({"name":"Big one","version":"1.0.0-rc.1+b","modelType":"assistant","description":"d",)"
      R"("notes":"n","config":{"temperature":0.7,"stop":["\n"]},"isActive":true,"isDefault":true,)"
      R"("targets":["east",{"url":"https://api.example.com/v1","model":"m","apiKeyRef":"env:KEY",)"
      R"("protocol":"anthropic","inputPrice":2.5,"outputPrice":10}]})");
  expect_answer(made, 201, kModelVersionFields);
  EXPECT_EQ(header_of(made, "ETag"), "\"1\"");
  const std::string id = member_of(made, "id");
  EXPECT_TRUE(parse_uuid(id).has_value());
  EXPECT_EQ(member_of(made, "revision"), "1");
  EXPECT_EQ(member_of(made, "createdAt"), "2026-11-21T08:00:01.000000Z");
  EXPECT_EQ(member_of(made, "origin"), "api");
  EXPECT_NE(made.body.find(R"("config":{"temperature":0.7,"stop":["\n"]})"), std::string::npos)
      << made.body;
  EXPECT_NE(made.body.find(R"("targets":["east",{"url":"https://api.example.com/v1","model":"m",)"
                           R"("protocol":"anthropic","apiKeyRef":"env:KEY","allowPrivate":false,)"
                           R"("inputPrice":2.5,"outputPrice":10}])"),
            std::string::npos)
      << made.body;
  EXPECT_EQ(made.body.find("sk-value"), std::string::npos);
  EXPECT_EQ(kit.published, 1);
  ASSERT_EQ(kit.events.size(), 1u);
  EXPECT_EQ(kit.events[0].first, "default");

  const AdminResponse read = kit.get(kVersions + "/" + id);
  expect_answer(read, 200, kModelVersionFields);
  EXPECT_EQ(read.body, made.body);
  EXPECT_EQ(header_of(read, "ETag"), "\"1\"");
}

TEST(Versions, AreActiveAndNotTheDefaultUnlessSaid) {
  VersionsKit kit;
  const AdminResponse made = kit.post(kVersions, kMinimal);
  EXPECT_EQ(member_of(made, "isActive"), "true");
  EXPECT_EQ(member_of(made, "isDefault"), "false");
  EXPECT_EQ(member_of(made, "config"), "{}");
}

TEST(Versions, KeepTheirRules) {
  const auto check = [](const std::string& members, unsigned status, std::string_view code,
                        std::string_view param, std::string_view words) {
    VersionsKit kit;
    const AdminResponse answer = kit.post(kVersions, "{" + members + "}");
    expect_error(answer, status, code, words);
    EXPECT_EQ(member_of(answer, "error.param"), param) << answer.body;
    EXPECT_EQ(kit.catalog.transactions, 0);
    EXPECT_EQ(kit.published, 0);
  };
  const std::string base = R"("name":"n","modelType":"assistant","version":"1.0.0")";
  const auto typed = [](const std::string& type) {
    return R"("name":"n","version":"1.0.0","modelType":")" + type + "\"";
  };
  for (const char* version : {"1", "1.0", "01.0.0", "1.0.0-01", "v1.0.0", "1.0.0+", "1.0.0 "}) {
    check(R"("name":"n","modelType":"assistant","version":")" + std::string(version) + "\"", 422,
          "rule_broken", "version", "semantic version");
  }
  check(typed("a b"), 422, "rule_broken", "modelType", "route's name");
  check(typed("a@1"), 422, "rule_broken", "modelType", "route's name");
  check(typed("auto"), 422, "rule_broken", "modelType", "route's name");
  check(typed("auto:cost"), 422, "rule_broken", "modelType", "route's name");
  check(R"("version":"1.0.0","modelType":"a")", 400, "missing_parameter", "name", "missing");
  check(base + R"(,"isDefaultt":true)", 400, "invalid_parameter", "isDefaultt", "`isDefault`?");
  check(base + R"(,"isActive":false,"isDefault":true)", 422, "rule_broken", "isDefault",
        "inactive version cannot be the default");
  check(base + R"(,"targets":["east","esat"])", 422, "rule_broken", "targets[1]",
        "no target `esat` in the configuration; did you mean `east`?");
  const auto inline_target = [&](const std::string& target) {
    return base + R"(,"targets":[{"model":"m",)" + target + "}]";
  };
  check(inline_target(R"("url":"ftp://x")"), 422, "rule_broken", "targets[0].url", "http");
  check(inline_target(R"("url":"http://169.254.169.254/v1")"), 422, "rule_broken", "targets[0].url",
        "metadata");
  check(inline_target(R"("url":"http://u:p@h/v1")"), 422, "rule_broken", "targets[0].url", "user");
  check(inline_target(R"("url":"http://10.0.0.1/v1")"), 422, "rule_broken", "targets[0].url",
        "allowPrivate");
  check(inline_target(R"("url":"http://0.0.0.0/v1","allowPrivate":true)"), 422, "rule_broken",
        "targets[0].url", "unspecified");
  check(base + R"(,"targets":[{"url":"http://h/v1"}])", 400, "missing_parameter",
        "targets[0].model", "missing");
  check(inline_target(R"("url":"http://h/v1","apiKey":"x")"), 400, "invalid_parameter",
        "targets[0].apiKey", "no field");
  check(inline_target(R"("url":"http://h/v1","inputPrice":-1)"), 400, "invalid_parameter",
        "targets[0].inputPrice", "at least 0");
  check(inline_target(R"("url":"http://h/v1","protocol":"soap")"), 400, "invalid_parameter",
        "targets[0].protocol", "openai, anthropic");
  check(inline_target(R"("url":"http://h/v1","apiKeyRef":"env:NONE")"), 422, "rule_broken",
        "targets[0].apiKeyRef", "`env:NONE`");
  check(inline_target(R"("url":"http://h/v1","apiKeyRef":"file:/none")"), 422, "rule_broken",
        "targets[0].apiKeyRef", "`file:/none`");
  check(inline_target(R"("url":"http://h/v1","apiKeyRef":"env:OTHER")"), 422, "rule_broken",
        "targets[0].apiKeyRef", "add env:OTHER to secrets.allow");
  check(R"("name":"n","modelType":"filed","version":"1.0.0")", 409, "conflict", "version",
        "configuration file");
  check(R"("name":"n","modelType":"filed","version":"3.0.0","isDefault":true)", 409, "conflict",
        "isDefault", "configuration file makes 1.0.0 the default");
}

TEST(Versions, NeverRepeatASecretThatStandsWhereAReferenceShould) {
  VersionsKit kit;
  for (const char* secret :
       {"sk-live-1234", "env:KEY}sk-live-1234", "env:X:-sk-live-1234", "file:sk-live-1234"}) {
    const AdminResponse answer =
        kit.post(kVersions, R"({"name":"n","version":"1.0.0","modelType":"a","targets":[)"
                            R"({"url":"http://h/v1","model":"m","apiKeyRef":")" +
                                std::string(secret) + R"("}]})");
    expect_error(answer, 422, "rule_broken", "env:NAME or file:");
    EXPECT_EQ(answer.body.find("sk-live"), std::string::npos) << answer.body;
  }
}

TEST(Versions, AreUniqueWithinTheirModelType) {
  VersionsKit kit;
  const std::string id = kit.create("1.0.0");
  expect_error(kit.post(kVersions, kMinimal), 409, "conflict", id);
  kit.create("1.0.0", {}, "other");
  const std::string second = kit.create("2.0.0");
  expect_error(kit.put(kVersions + "/" + second, R"({"version":"1.0.0"})"), 409, "conflict", id);
}

TEST(Versions, HaveOneDefaultPerModelType) {
  VersionsKit kit;
  const std::string first = kit.create("1.0.0", R"(,"isDefault":true)");
  const std::string second = kit.create("2.0.0");
  EXPECT_EQ(kit.default_of("assistant"), "1.0.0");
  const int before = kit.catalog.transactions;
  const AdminResponse made = kit.make_default(second);
  expect_answer(made, 200, kModelVersionFields);
  EXPECT_EQ(kit.catalog.transactions, before + 1);
  EXPECT_EQ(member_of(made, "isDefault"), "true");
  EXPECT_EQ(member_of(made, "revision"), "2");
  EXPECT_EQ(kit.default_of("assistant"), "2.0.0");
  EXPECT_EQ(member_of(kit.get(kVersions + "/" + first), "isDefault"), "false");
  kit.create("3.0.0", R"(,"isDefault":true)");
  EXPECT_EQ(kit.default_of("assistant"), "3.0.0");
  EXPECT_EQ(member_of(kit.put(kVersions + "/" + first, R"({"isDefault":true})"), "revision"), "3");
  EXPECT_EQ(kit.default_of("assistant"), "1.0.0");
  EXPECT_EQ(kit.put(kVersions + "/" + first, R"({"isDefault":false})").status, 200u);
  EXPECT_EQ(kit.default_of("assistant"), "-");
}

TEST(Versions, ThatAreTheDefaultAlreadyStayAsTheyAre) {
  VersionsKit kit;
  const std::string id = kit.create("1.0.0", R"(,"isDefault":true)");
  const int before = kit.catalog.transactions;
  const AdminResponse again = kit.make_default(id);
  expect_answer(again, 200, kModelVersionFields);
  EXPECT_EQ(member_of(again, "revision"), "1");
  EXPECT_EQ(kit.catalog.transactions, before);
}

TEST(Versions, MustBeActiveToBeTheDefault) {
  VersionsKit kit;
  const std::string off = kit.create("1.0.0", R"(,"isActive":false)");
  expect_error(kit.make_default(off), 422, "rule_broken", "inactive");
  const std::string on = kit.create("2.0.0", R"(,"isDefault":true)");
  expect_error(kit.put(kVersions + "/" + on, R"({"isActive":false})"), 422, "rule_broken");
  const AdminResponse both =
      kit.put(kVersions + "/" + on, R"({"isActive":false,"isDefault":false})");
  expect_answer(both, 200, kModelVersionFields);
}

TEST(Versions, GoBackToTheDefaultBeforeInOneStep) {
  VersionsKit kit;
  const std::string first = kit.create("1.0.0", R"(,"isDefault":true)");
  const std::string second = kit.create("2.0.0", R"(,"isDefault":true)");
  kit.create("3.0.0", R"(,"isDefault":true)");
  const int before = kit.catalog.transactions;
  const AdminResponse back = kit.roll_back("assistant");
  expect_answer(back, 200, kModelVersionFields);
  EXPECT_EQ(member_of(back, "id"), second);
  EXPECT_EQ(member_of(back, "revision"), member_of(kit.get(kVersions + "/" + second), "revision"));
  EXPECT_EQ(kit.catalog.transactions, before + 1);
  EXPECT_EQ(kit.default_of("assistant"), "2.0.0");
  EXPECT_EQ(member_of(kit.roll_back("assistant"), "id"), first);
  expect_error(kit.roll_back("assistant"), 409, "conflict", "nothing to go back to");
  EXPECT_EQ(kit.default_of("assistant"), "1.0.0");
}

TEST(Versions, SayWhyThereIsNoWayBack) {
  const auto check = [](auto change, unsigned status, std::string_view words) {
    VersionsKit kit;
    const std::string first = kit.create("1.0.0", R"(,"isDefault":true)");
    kit.create("2.0.0", R"(,"isDefault":true)");
    change(kit, kVersions + "/" + first);
    expect_error(kit.roll_back("assistant"), status, "conflict", words);
    EXPECT_EQ(kit.default_of("assistant"), "2.0.0");
  };
  check([](VersionsKit& kit, const std::string& path) { kit.remove(path); }, 409, "1.0.0 (");
  check([](VersionsKit& kit, const std::string& path) { kit.remove(path); }, 409, "was deleted");
  check([](VersionsKit& kit, const std::string& path) { kit.put(path, R"({"isActive":false})"); },
        409, "is inactive");
  check([](VersionsKit& kit, const std::string& path) { kit.put(path, R"({"modelType":"x"})"); },
        409, "another model type");
  VersionsKit kit;
  expect_error(kit.roll_back("unheard"), 404, "not_found", "no model type `unheard`");
  expect_error(kit.roll_back("open"), 409, "conflict", "nothing to go back to");
  expect_error(kit.roll_back("filed"), 409, "conflict", "configuration file makes 1.0.0");
  expect_error(kit.post(kVersions + "/rollback"), 400, "missing_parameter", "modelType");
}

TEST(Versions, MergeTheFieldsOfAChange) {
  VersionsKit kit;
  const std::string id =
      kit.create("1.0.0", R"(,"notes":"old","config":{"a":1,"b":2},"targets":["east","west"])");
  const AdminResponse changed =
      kit.put(kVersions + "/" + id, R"({"notes":"new","config":{"c":3},"targets":["west"]})");
  expect_answer(changed, 200, kModelVersionFields);
  EXPECT_EQ(member_of(changed, "notes"), "new");
  EXPECT_EQ(member_of(changed, "name"), "n");
  EXPECT_EQ(member_of(changed, "config"), R"({"c":3})");
  EXPECT_EQ(member_of(changed, "targets"), R"(["west"])");
  EXPECT_EQ(member_of(changed, "revision"), "2");
  EXPECT_EQ(header_of(changed, "ETag"), "\"2\"");
  EXPECT_EQ(kit.get(kVersions + "/" + id).body, changed.body);
  EXPECT_EQ(member_of(kit.put(kVersions + "/" + id, "{}"), "revision"), "3");
}

TEST(Versions, MayBeDeactivatedThoughTheirTargetsAreGone) {
  VersionsKit kit;
  const std::string id = kit.create("1.0.0", R"(,"targets":["east"])");
  kit.settings.targets.erase("east");
  EXPECT_EQ(kit.put(kVersions + "/" + id, R"({"isActive":false})").status, 200u);
  expect_error(kit.put(kVersions + "/" + id, R"({"isActive":true})"), 422, "rule_broken", "`east`");
}

TEST(Versions, AreGuardedByIfMatch) {
  VersionsKit kit;
  const std::string path = kVersions + "/" + kit.create("1.0.0");
  kit.put(path, R"({"notes":"2"})");
  for (const char* stale : {"\"1\"", "1", "W/\"1\"", "\"3\""}) {
    kit.headers = {{"if-match", stale}};
    expect_error(kit.put(path, R"({"notes":"3"})"), 412, "precondition_failed", "revision 2");
    expect_error(kit.remove(path), 412, "precondition_failed");
    expect_error(kit.post(path + "/make-default"), 412, "precondition_failed");
  }
  kit.headers = {{"if-match", "\"2\""}};
  EXPECT_EQ(kit.put(path, R"({"notes":"3"})").status, 200u);
  kit.headers = {{"if-match", "3"}};
  EXPECT_EQ(kit.remove(path).status, 200u);
}

TEST(Versions, OfARunningTestStay) {
  const auto check = [](config::ExperimentStatus status, bool is_used) {
    VersionsKit kit;
    const std::string path = kVersions + "/" + kit.create("1.0.0");
    kit.add_test(status, "1.0.0");
    if (!is_used) {
      EXPECT_EQ(kit.put(path, R"({"isActive":false})").status, 200u);
      EXPECT_EQ(kit.remove(path).status, 200u);
      return;
    }
    expect_error(kit.remove(path), 409, "conflict", "`which`");
    expect_error(kit.put(path, R"({"isActive":false})"), 409, "conflict", "deactivated");
    expect_error(kit.put(path, R"({"version":"1.0.1"})"), 409, "conflict", "renamed");
    EXPECT_EQ(kit.put(path, R"({"notes":"x"})").status, 200u);
  };
  check(config::ExperimentStatus::active, true);
  check(config::ExperimentStatus::paused, true);
  check(config::ExperimentStatus::draft, false);
}

TEST(Versions, AreDeletedOnce) {
  VersionsKit kit;
  const std::string path = kVersions + "/" + kit.create("1.0.0");
  const AdminResponse gone = kit.remove(path);
  expect_answer(gone, 200, kModelVersionFields);
  EXPECT_EQ(kit.published, 2);
  expect_error(kit.remove(path), 404, "not_found");
  expect_error(kit.get(path), 404, "not_found");
  expect_error(kit.put(path, "{}"), 404, "not_found");
  kit.create("1.0.0");
}

TEST(Versions, OfTheFileAreShownAndNotChanged) {
  VersionsKit kit;
  const AdminResponse shown = kit.get(kVersions + "/config:filed@1.0.0");
  expect_answer(shown, 200, kModelVersionFields);
  EXPECT_EQ(member_of(shown, "origin"), "config");
  EXPECT_EQ(member_of(shown, "isDefault"), "true");
  EXPECT_EQ(member_of(shown, "createdAt"), "null");
  EXPECT_EQ(kit.get(kVersions + "/config%3Afiled%401.0.0").body, shown.body);
  expect_error(kit.get(kVersions + "/config:filed@9.0.0"), 404, "not_found");
  expect_error(kit.get(kVersions + "/config:nothing"), 404, "not_found");
  for (const char* id : {"config:filed@1.0.0", "config:open@1.0.0"}) {
    const std::string path = kVersions + "/" + id;
    expect_error(kit.put(path, R"({"notes":"x"})"), 409, "conflict", "configuration file");
    expect_error(kit.remove(path), 409, "conflict", "configuration file");
    expect_error(kit.post(path + "/make-default"), 409, "conflict", "configuration file");
  }
  const std::string ours = kit.create("3.0.0", {}, "filed");
  expect_error(kit.make_default(ours), 409, "conflict", "configuration file makes 1.0.0");
  kit.create("2.0.0", R"(,"isDefault":true)", "open");
}

TEST(Versions, AreListedInPagesWithThoseOfTheFileLast) {
  VersionsKit kit;
  kit.create("1.0.0");
  kit.create("2.0.0", R"(,"isActive":false)");
  kit.create("1.0.0", R"(,"isDefault":true)", "other");
  std::string seen;
  std::string cursor;
  for (int page = 0; page < 10; ++page) {
    const AdminResponse list = kit.get(kVersions + "?limit=2" + cursor);
    expect_answer(list, 200, kVersionPageFields);
    for (const char* item : {"data.0", "data.1"}) {
      const std::string type = member_of(list, std::string(item) + ".modelType");
      if (type != "-") seen += type + "@" + member_of(list, std::string(item) + ".version") + " ";
    }
    if (member_of(list, "has_more") == "false") break;
    cursor = "&cursor=" + member_of(list, "next_cursor");
  }
  EXPECT_EQ(seen,
            "other@1.0.0 assistant@2.0.0 assistant@1.0.0 filed@1.0.0 filed@2.0.0 open@1.0.0 ");

  const auto check = [&](const std::string& filter, const std::string& first, int count) {
    const AdminResponse list = kit.get(kVersions + "?" + filter);
    expect_answer(list, 200, kVersionPageFields);
    EXPECT_EQ(member_of(list, "data.0.modelType") + "@" + member_of(list, "data.0.version"), first)
        << filter;
    EXPECT_EQ(json_of(list).at("data").get_array().size(), static_cast<std::size_t>(count))
        << filter;
  };
  check("modelType=assistant", "assistant@2.0.0", 2);
  check("modelType=filed", "filed@1.0.0", 2);
  check("isActive=false", "assistant@2.0.0", 1);
  check("isDefault=true", "other@1.0.0", 2);
  check("modelType=none", "-@-", 0);
  expect_error(kit.get(kVersions + "?isActive=yes"), 400, "invalid_parameter", "true or false");
  expect_error(kit.get(kVersions + "?limit=201"), 400, "invalid_parameter");
  expect_error(kit.get(kVersions + "?modelTipe=x"), 400, "invalid_parameter");
}

TEST(Versions, KeepTheirHistory) {
  VersionsKit kit;
  const std::string path = kVersions + "/" + kit.create("1.0.0");
  kit.put(path, R"({"notes":"x"})");
  kit.remove(path);
  const AdminResponse history = kit.get(path + "/history");
  expect_answer(history, 200, kVersionHistoryFields);
  EXPECT_EQ(member_of(history, "data.0.action"), "delete");
  EXPECT_EQ(member_of(history, "data.0.after"), "null");
  EXPECT_EQ(member_of(history, "data.1.actor"), "ann");
  EXPECT_EQ(member_of(history, "data.1.before.notes"), "");
  EXPECT_EQ(member_of(history, "data.1.after.notes"), "x");
  EXPECT_EQ(member_of(history, "data.2.before"), "null");
  const AdminResponse first = kit.get(path + "/history?limit=2");
  EXPECT_EQ(member_of(first, "has_more"), "true");
  const AdminResponse rest =
      kit.get(path + "/history?limit=2&cursor=" + member_of(first, "next_cursor"));
  EXPECT_EQ(member_of(rest, "data.0.action"), "create");
  EXPECT_EQ(member_of(rest, "has_more"), "false");
  expect_error(kit.get(kVersions + "/none/history"), 404, "not_found");
  expect_answer(kit.get(kVersions + "/config:filed@1.0.0/history"), 200, kVersionHistoryFields);
}

TEST(Versions, NeedACatalog) {
  VersionsKit kit;
  const std::string path = kVersions + "/" + kit.create("1.0.0");
  kit.catalog.failure = make_error(Errc::storage_unavailable, "The disk is full.");
  expect_error(kit.get(path), 503, "storage_unavailable", "disk");
  expect_error(kit.post(kVersions, kMinimal), 503, "storage_unavailable", "disk");
  kit.context.catalog = nullptr;
  expect_error(kit.get(path), 503, "storage_unavailable");
  expect_error(kit.get(kVersions), 503, "storage_unavailable");
  expect_error(kit.get(path + "/history"), 503, "storage_unavailable");
  expect_error(kit.post(kVersions, kMinimal), 503, "storage_unavailable");
}

}  // namespace
}  // namespace tallygate::api
