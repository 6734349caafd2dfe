#include "config/load.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/config/support.h"

namespace tallygate::config {
namespace {

using namespace std::chrono_literals;
using test::load;
using test::load_after_routes;
using test::problems_of;

/// Every problem of `text`, one per line.
void check(const std::string& text, const std::string& expected) {
  EXPECT_EQ(problems_of(load(text)), expected) << text;
}

TEST(Load, AnEmptyMapIsAllDefaults) {
  const Loaded loaded = load("{}");
  EXPECT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.settings, Settings{});
}

TEST(Load, ReportsEverythingAtOnceInFileOrder) {
  check(
      "workers: many\n"
      "listeners:\n"
      "  data: {prot: 1, port: 70000}\n"
      "  data: {}\n"
      "nonsense: 1\n"
      "timeouts: {connect: 5}\n"
      "retry: [1]\n",
      "f:1:10: workers: must be a whole number from 1 to 1024, found `many`\n"
      "f:3:10: listeners.data: unknown key `prot`; did you mean `port`?\n"
      "f:3:25: listeners.data.port: must be a whole number from 0 to 65535, found `70000`\n"
      "f:4:3: listeners: duplicate key `data`; it was given first at line 3, column 3\n"
      "f:5:1: unknown key `nonsense`\n"
      "f:6:21: timeouts.connect: must be a duration from 0s to 30d, a whole number with ms, s, m, "
      "h or d (250ms, 5s), found `5`\n"
      "f:7:8: retry: must be a map with the keys max_targets, on, budget_ratio, budget_floor, "
      "max_replay, base, cap, found a list\n");
}

TEST(Load, TellsTypesApart) {
  check("min_rate: '5'",
        "f:1:11: min_rate: must be a whole number from 0 to 1000000000, found the quoted text "
        "`5`\n");
  check("log: {access: yes}", "f:1:15: log.access: must be true or false, found `yes`\n");
  check("log: {access: \"true\"}",
        "f:1:15: log.access: must be true or false, found the quoted text `true`\n");
  check("log: {level: loud}",
        "f:1:14: log.level: must be one of trace, debug, info, warn, error, found `loud`\n");
  check("retry: {budget_ratio: 1.5}",
        "f:1:23: retry.budget_ratio: must be a number from 0 to 1, found `1.5`\n");
  check("store: {path: [a]}", "f:1:15: store.path: must be a folder, found a list\n");
  check("store: {path: }", "f:1:15: store.path: must be a folder, found nothing\n");
  check("limits: {body: 1MB}",
        "f:1:16: limits.body: must be a size from 1KiB to 2GiB, in bytes or with a unit (64KiB, "
        "8MiB), found `1MB`\n");
  check("[a]: b", "f:1:1: a key must be plain text\n");
  check("- a",
        "f:1:1: must be a map with the keys listeners, secrets, workers, targets, routes, auto, "
        "units, timeouts, min_rate, half_close, retry, blacklist, store, capture, limits, "
        "telemetry, improve, log, found a list\n");
}

TEST(Load, ResolvesTypesAfterInterpolation) {
  const Loaded loaded = load(
      "listeners: {data: {port: \"${env:PORT}\"}}\n"
      "workers: ${env:WORKERS:-4}\n"
      "log: {access: \"${env:ACCESS:-true}\"}\n"
      "store: {path: /data/$$x}\n");
  EXPECT_EQ(problems_of(loaded), "");
  EXPECT_EQ(loaded.settings.listeners.data.port, 9090);
  EXPECT_EQ(loaded.settings.workers, 4U);
  EXPECT_TRUE(loaded.settings.log.access);
  EXPECT_EQ(loaded.settings.store.path, "/data/$x");
}

TEST(Load, NeverQuotesWhatWasInterpolatedOrIsSecret) {
  check("workers: ${env:KEY}",
        "f:1:10: workers: must be a whole number from 1 to 1024, found `${env:KEY}`\n");
  check("listeners: {admin: {token: \"a\\nb\"}}",
        "f:1:28: listeners.admin.token: must be one line of at most 8192 bytes without control "
        "characters\n");
  check("store: {path: \"${env:SPLIT_HEADER}\"}",
        "f:1:15: store.path: must be one line of at most 4096 bytes, found the quoted text "
        "`${env:SPLIT_HEADER}`\n");
  check("store: {path: \"${env:NONE}\"}",
        "f:1:15: store.path: the environment variable NONE is not set; set it, or give a default: "
        "${env:NONE:-default}\n");
}

TEST(Load, KeysAreNotInterpolated) {
  check("${env:PORT}: 1", "f:1:1: unknown key `${env:PORT}`\n");
}

TEST(Load, ReadsTheFormsWithTwoShapes) {
  const Loaded loaded = load_after_routes(
      "workers: auto\n"
      "limits: {connections: auto, memory: 1GiB, body: 4096}\n"
      "capture: {bodies: {sampled: 0.01}}\n"
      "retry: {on: [connect, timeout]}\n"
      "units: {from: [user, api_key]}\n");
  EXPECT_EQ(problems_of(loaded), "");
  const Settings& settings = loaded.settings;
  EXPECT_EQ(settings.workers, 0U);
  EXPECT_EQ(settings.limits.connections, 0U);
  EXPECT_EQ(settings.limits.memory_bytes, std::size_t{1} << 30);
  EXPECT_EQ(settings.limits.body_bytes, 4096U);
  EXPECT_EQ(settings.capture.bodies, CaptureBodies::sampled);
  EXPECT_EQ(settings.capture.sample, 0.01);
  EXPECT_EQ(settings.retry.on, (RetryOn{true, false, false, false, true, false}));
  EXPECT_EQ(settings.unit_sources, (std::vector<std::string>{"user", "api_key"}));
}

TEST(Load, RefusesHalfOfATwoShapedForm) {
  check("capture: {bodies: sampled}",
        "f:1:19: capture.bodies: write the share as a map: bodies: {sampled: 0.01}\n");
  check("capture: {bodies: {sampled: 2}}",
        "f:1:29: capture.bodies.sampled: must be a number from 0 to 1, found `2`\n");
  check("capture: {bodies: {}}", "f:1:19: capture.bodies: the key `sampled` is missing\n");
  check("units: {from: [cookie]}",
        "f:1:16: units.from[0]: must be one of x-tallygate-unit, user, safety_identifier, "
        "metadata.user_id, x-session-id, api_key, found `cookie`\n");
  check("workers: 0", "f:1:10: workers: must be a whole number from 1 to 1024, found `0`\n");
}

TEST(Load, MergesARoutesTimeoutsOverTheGeneralOnes) {
  // The route stands before the general timeouts: order in the file does not matter.
  const Loaded loaded = load(
      "targets: {t: {url: 'http://h', model: m}}\n"
      "routes: {r: {versions: {1.0.0: {targets: [t]}}, timeouts: {idle: 1s}},"
      "         q: {versions: {1.0.0: {targets: [t]}}}}\n"
      "timeouts: {connect: 2s, idle: 3s}\n");
  EXPECT_EQ(problems_of(loaded), "");
  Timeouts expected;
  expected.connect = 2s;
  expected.idle = 1s;
  EXPECT_EQ(loaded.settings.routes.at("r").timeouts, expected);
  EXPECT_EQ(loaded.settings.routes.at("q").timeouts, std::nullopt);
  EXPECT_EQ(loaded.settings.timeouts.idle, 3s);
}

TEST(Load, ListsAndMapsReplaceTheDefault) {
  const Loaded loaded = load("improve: {readiness: {correction: 7}}");
  EXPECT_EQ(loaded.settings.improve.readiness,
            (std::map<std::string, std::uint32_t>{{"correction", 7}}));
}

TEST(Load, SharesAnAnchoredValue) {
  const Loaded loaded = load(
      "targets:\n"
      "  one: {url: http://h/v1, model: m, price: &p {input: 1, output: 2}}\n"
      "  two: {url: http://i/v1, model: m, price: *p}\n");
  EXPECT_EQ(problems_of(loaded), "");
  EXPECT_EQ(loaded.settings.targets.at("two").price, (Price{1, 2}));
}

TEST(Load, BoundsTheNumberOfProblems) {
  std::string text = "retry:\n";
  for (int i = 0; i < 5000; ++i) text += "  unknown_" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(load(text).problems.size(), 1000U);
}

TEST(LoadFile, AnUnreadableFileIsOneProblemAtLineZero) {
  for (const char* path : {"/nonexistent/tallygate.yaml", "/"}) {
    const Loaded loaded = load_file(path);
    ASSERT_EQ(loaded.problems.size(), 1U);
    EXPECT_EQ(
        to_string(loaded.problems[0]),
        std::string(path) +
            ":0:0: the file cannot be read; it must be a regular file that the gate may read");
  }
}

TEST(LoadFile, WaitsForNoPipe) {
  const std::string pipe = testing::TempDir() + "tallygate-load-pipe-" + std::to_string(getpid());
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(load_file(pipe).problems.size(), 1U);
  EXPECT_EQ(real_surroundings().file(pipe), std::nullopt);
  unlink(pipe.c_str());
}

}  // namespace
}  // namespace tallygate::config
