// print-config and print-schema, and the files that are shipped beside them.

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "config/yaml/render.h"
#include "tests/config/support.h"

namespace tallygate::config {
namespace {

namespace json = boost::json;
using test::load;
using test::problems_of;

std::string shipped(const std::string& name) {
  std::ifstream file(TALLYGATE_SOURCE_DIR "/config/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void blank_secrets(Settings& settings) {
  settings.listeners.admin.token = {};
  settings.secrets.pepper = {};
  for (auto& [name, target] : settings.targets) target.api_key = {};
}

/// What print_redacted writes means the same, apart from secrets.
void check_reads_back(const Loaded& loaded) {
  ASSERT_EQ(problems_of(loaded), "");
  const std::string printed = print_redacted(loaded.settings);
  Loaded again = load(printed);
  ASSERT_EQ(problems_of(again), "") << printed;
  Settings expected = loaded.settings;
  blank_secrets(expected);
  blank_secrets(again.settings);
  EXPECT_EQ(again.settings, expected) << printed;
  EXPECT_EQ(print_redacted(load(printed).settings), printed);
}

TEST(PrintConfig, ReadsBackAsTheSameSettings) {
  check_reads_back(load("{}"));
  check_reads_back(parse(shipped("example.yaml"), "example.yaml", test::known_surroundings()));
  check_reads_back(parse(shipped("quickstart.yaml"), "quickstart.yaml", {}));
  check_reads_back(
      load("targets: {'#:{}': {url: 'http://h', model: \"- 'a': $${env:KEY} \\\"\\\\ ü\"},"
           "          'true': {url: 'http://h/1%20', model: '007', price: {input: 1e-9}}}\n"
           "routes: {'null': {versions: {1.0.0-rc.1+b: {targets: ['true', '#:{}']}}}}\n"
           "store: {path: ' * & ! | > % @ ` '}\n"
           "capture: {bodies: {sampled: 0.001}}\n"
           "retry: {on: []}\n"
           "listeners: {data: {tls: {certificate: 1s, key: ~/k}}}\n"
           "limits: {connections: 5, body: 1025}\n"));
}

TEST(PrintConfig, KeepsTextsThatYamlHasWordsFor) {
  for (const char* word : {"null", "NULL", "Null", "nUll", "true", "TRUE", "True", "no", "NO",
                           "Off", "yes", "YES", "~", "y", "N"}) {
    SCOPED_TRACE(word);
    const std::string file = "store: {path: '" + std::string(word) + "'}";
    check_reads_back(load(file));
    EXPECT_EQ(load(file).settings.store.path, word);
  }
}

TEST(PrintConfig, NeverShowsASecret) {
  const Loaded loaded = load(
      "listeners: {admin: {token: \"${env:KEY}\"}}\n"
      "targets: {t: {url: 'http://h', model: m, api_key: \"${env:KEY}\"}}\n");
  ASSERT_EQ(problems_of(loaded), "");
  Settings settings = loaded.settings;
  settings.store.url = "postgresql://u:pw-hidden@h/db";
  const std::string printed = print_redacted(settings);
  EXPECT_EQ(printed.find("hidden"), std::string::npos) << printed;
  EXPECT_NE(printed.find("token: \"***\""), std::string::npos) << printed;
  EXPECT_NE(printed.find("api_key: \"***\""), std::string::npos) << printed;
}

TEST(Example, IsValidAndHasEveryKey) {
  const Loaded loaded = parse(shipped("example.yaml"), "example.yaml", test::known_surroundings());
  EXPECT_EQ(problems_of(loaded), "");
  // Sections whose values are the defaults, not examples.
  Settings defaults;
  defaults.improve.fine_tuning.target = loaded.settings.improve.fine_tuning.target;
  defaults.listeners.admin.token = loaded.settings.listeners.admin.token;
  defaults.targets = loaded.settings.targets;
  defaults.routes = loaded.settings.routes;
  defaults.auto_pools = loaded.settings.auto_pools;
  EXPECT_EQ(loaded.settings, defaults);
  const Route& route = loaded.settings.routes.at("assistant");
  EXPECT_TRUE(route.experiment && route.experiment->mirror && route.timeouts);
}

void collect_keys(const json::value& schema, std::string_view text, std::string& missing) {
  if (schema.is_array()) {
    for (const json::value& item : schema.get_array()) collect_keys(item, text, missing);
  }
  if (!schema.is_object()) return;
  for (const auto& [key, value] : schema.get_object()) {
    if (key == "properties") {
      for (const auto& property : value.as_object()) {
        const std::string name = std::string(property.key()) + ":";
        if (text.find(name) == std::string_view::npos) missing += name + " ";
      }
    }
    collect_keys(value, text, missing);
  }
}

TEST(Example, NamesEveryKeyOfTheSchema) {
  std::string missing;
  collect_keys(json::parse(print_schema()), shipped("example.yaml"), missing);
  EXPECT_EQ(missing, "");
}

TEST(Documentation, NamesEveryKeyOfTheSchema) {
  std::ifstream file(TALLYGATE_SOURCE_DIR "/docs/configuration.md", std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  for (char& c : text) c = c == '`' ? ':' : c;  // a key is written `key`
  std::string missing;
  collect_keys(json::parse(print_schema()), text, missing);
  EXPECT_EQ(missing, "");
}

TEST(Quickstart, RunsWithoutAnySurroundings) {
  const Loaded loaded = parse(shipped("quickstart.yaml"), "quickstart.yaml", {});
  ASSERT_EQ(problems_of(loaded), "");
  const Settings& settings = loaded.settings;
  EXPECT_EQ(settings.targets.size(), 3U);
  EXPECT_EQ(settings.targets.at("backend-anthropic").protocol, Protocol::anthropic);
  const Experiment& experiment = settings.routes.at("assistant").experiment.value();
  EXPECT_EQ(experiment.status, ExperimentStatus::active);
  EXPECT_EQ(experiment.split, (std::map<std::string, double>{{"a", 80}, {"b", 20}}));
}

TEST(ShippedFiles, NameTheirSchemaForEditors) {
  for (const char* name : {"example.yaml", "quickstart.yaml"}) {
    EXPECT_EQ(shipped(name).rfind("# yaml-language-server: $schema=./tallygate.schema.json\n", 0),
              0U)
        << name;
  }
}

TEST(Schema, IsTheShippedOne) {
  EXPECT_EQ(print_schema(), shipped("tallygate.schema.json"))
      << "run `tallygate print-schema > config/tallygate.schema.json`";
}

/// Every object of known keys is closed, every key explained.
void check_schema(const json::value& schema, const std::string& path) {
  if (schema.is_array()) {
    for (const json::value& item : schema.get_array()) check_schema(item, path);
  }
  if (!schema.is_object()) return;
  const json::object& object = schema.get_object();
  if (const json::value* properties = object.if_contains("properties")) {
    EXPECT_EQ(object.at("additionalProperties"), false) << path;
    for (const auto& [name, property] : properties->as_object()) {
      EXPECT_TRUE(property.as_object().contains("description")) << path << '.' << name;
    }
  }
  for (const auto& [key, value] : object) check_schema(value, path + "." + std::string(key));
}

TEST(Schema, ClosesAndExplainsEveryObject) {
  const json::value schema = json::parse(print_schema());
  EXPECT_EQ(schema.at("$schema"), "https://json-schema.org/draft/2020-12/schema");
  check_schema(schema, "$");
}

TEST(Render, QuotesWhatYamlWouldMisread) {
  const json::value value = {{"a", "true"}, {"1.0", "text"}, {"b", "5s"}, {"c", "12"},
                             {"d", "~"},    {"e", 0.01},     {"f", ""},   {"g", "a: b"}};
  EXPECT_EQ(yaml::render_yaml(value),
            "\"a\": \"true\"\n\"1.0\": text\n\"b\": 5s\n\"c\": \"12\"\n\"d\": \"~\"\n\"e\": 0.01\n"
            "\"f\": \"\"\n\"g\": \"a: b\"\n");
}

}  // namespace
}  // namespace tallygate::config
