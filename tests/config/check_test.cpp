#include "config/check.h"

#include <gtest/gtest.h>

#include "tests/config/support.h"

namespace tallygate::config {
namespace {

using test::load;
using test::load_after_routes;
using test::problems_of;

void check(const std::string& text, const std::string& expected) {
  EXPECT_EQ(problems_of(load(text)), expected) << text;
}

void check_after_routes(const std::string& text, const std::string& expected) {
  EXPECT_EQ(problems_of(load_after_routes(text)), expected) << text;
}

/// `rest` are the lines of the experiment of the route assistant, after its name; the first is 11.
void check_experiment(const std::string& rest, const std::string& expected) {
  check_after_routes("    experiment:\n      name: x\n" + rest, expected);
}

TEST(Listeners, NeedDifferentPorts) {
  check("listeners: {data: {port: 8081}}",
        "f:1:26: listeners: data and admin both use port 8081; give them different ports\n");
  check("listeners: {data: {port: 0}, admin: {port: 0}}", "");
}

TEST(Listeners, KeepAnOpenAdminListenerOnLoopback) {
  check("listeners: {admin: {address: 0.0.0.0}}",
        "f:1:30: listeners.admin: an address other than loopback needs a token and tls; set both, "
        "listen on 127.0.0.1, or say insecure: true\n");
  check("listeners: {admin: {address: 0.0.0.0, insecure: true}}", "");
  check("listeners: {admin: {address: 0.0.0.0, token: \"${env:KEY}\"}}",
        "f:1:30: listeners.admin: an address other than loopback needs a token and tls; set tls, "
        "listen on 127.0.0.1, or say insecure: true\n");
  check("listeners: {admin: {address: '::', tls: {certificate: c, key: k}}}",
        "f:1:30: listeners.admin: an address other than loopback needs a token and tls; set token, "
        "listen on 127.0.0.1, or say insecure: true\n");
  check("listeners: {admin: {address: '::', token: \"${env:KEY}\", tls: {certificate: c, key: k}}}",
        "");
  check("listeners: {admin: {address: '::1'}}", "");
  check("listeners: {admin: {address: gate}}",
        "f:1:30: listeners.admin.address: must be an IP address such as 127.0.0.1, 0.0.0.0 or ::1, "
        "found `gate`\n");
}

TEST(Listeners, TakeTlsFilesInPairs) {
  check("listeners: {data: {tls: {certificate: /c}}}",
        "f:1:25: listeners.data.tls: the key `key` is missing\n");
  check("listeners: {data: {tls: {certificate: /c, key: ''}}}",
        "f:1:48: listeners.data.tls.key: must be the path of a PEM file, found the quoted text "
        "``\n");
  check("listeners: {data: {tls: {certificate: /c, key: /k}}}", "");
}

TEST(Secrets, AreOnlyReferredTo) {
  const auto check_key = [](const std::string& key, const std::string& value,
                            const std::string& reference) {
    const Loaded loaded =
        load("targets: {t: {url: 'http://h', model: m, api_key: \"" + key + "\"}}");
    EXPECT_EQ(problems_of(loaded), "") << key;
    const config::Secret& secret = loaded.settings.targets.at("t").api_key;
    EXPECT_EQ(secret.value, value) << key;
    EXPECT_EQ(secret.reference, reference) << key;
  };
  check_key("", "", "");
  check_key("${env:KEY}", "sk-hidden", "env:KEY");
  check_key("${env:KEY:-}", "sk-hidden", "env:KEY");
  check_key("${env:NONE:-}", "", "env:NONE");
  check_key("${file:/run/key}", "from-file", "file:/run/key");
  for (const char* literal :
       {"sk-literal", "${env:KEY:-sk-literal}", "${env:NONE:-sk-literal}", "sk-${env:KEY}",
        "${env:KEY}sk", "${env:KEY}${env:KEY}", "$${env:KEY}", "***"}) {
    const std::string problems = problems_of(load(
        "targets: {t: {url: 'http://h', model: m, api_key: \"" + std::string(literal) + "\"}}"));
    EXPECT_EQ(problems,
              "f:1:51: targets.t.api_key: a secret does not stand in the file: write ${env:NAME}, "
              "${env:NAME:-} or ${file:/path} and nothing else\n")
        << literal;
  }
}

TEST(Secrets, MayBeAllowedByPattern) {
  for (const char* sound : {"env:A", "env:*", "env:A_*", "file:/a", "file:/a/b*", "file:/a/*"}) {
    check("secrets: {allow: ['" + std::string(sound) + "']}", "");
  }
  for (const char* wrong : {"", "*", "env:", "env:1", "env:A*B", "env:a-b", "file:a", "file:/", "A",
                            "file:/a/../b", "file:/a/./b", "file://a", "file:/*/a", "file:/a/"}) {
    check("secrets: {allow: ['" + std::string(wrong) + "']}",
          "f:1:19: secrets.allow[0]: must be env:NAME or file:/absolute/path, with or without a * "
          "at the end, found the quoted text `" +
              std::string(wrong) + "`\n");
  }
}

TEST(Targets, NeedAUsableUrlAndAModel) {
  check("targets: {t: {}}",
        "f:1:14: targets.t: the key `model` is missing\n"
        "f:1:14: targets.t: the key `url` is missing\n");
  check(
      "targets: {t: {url: 'http://169.254.169.254/', model: m}}",
      "f:1:20: targets.t.url: must name another address: link-local and metadata addresses are not "
      "allowed, since clouds hand out credentials there\n");
  check("targets: {t: {url: 'http://u:secret@h/', model: m}}",
        "f:1:20: targets.t.url: must not hold a user or password; use api_key\n");
  check("targets: {t: {url: 'http://h', model: m, api_key: '${env:KEY}', pass_client_key: true}}",
        "f:1:82: targets.t: pass_client_key has no effect beside an api_key; remove one of them\n");
  check("targets: {'a b': {url: 'http://h', model: m}}",
        "f:1:11: targets: the key `a b` must be a name of 1 to 256 bytes without white space, "
        "control "
        "characters or @\n");
}

TEST(Routes, HaveNamesThatClientsCanSend) {
  const std::string rule =
      "must be a name of 1 to 256 bytes without white space, control characters or @, and not auto "
      "or auto:..., which are reserved\n";
  check("routes: {auto: {versions: {}}}", "f:1:10: routes: the key `auto` " + rule);
  check("routes: {'auto:cost': {versions: {}}}", "f:1:10: routes: the key `auto:cost` " + rule);
  check("routes: {'a@b': {versions: {}}}", "f:1:10: routes: the key `a@b` " + rule);
  check("routes: {\"a\\r\\nb\": {versions: {}}}", "f:1:10: routes: the key `a\\x0d\\x0ab` " + rule);
  check("routes: {'': {versions: {}}}", "f:1:10: routes: the key `` " + rule);
}

TEST(Versions, NeedTargetsThatExist) {
  check("routes: {r: {}}", "f:1:13: routes.r: the key `versions` is missing\n");
  check("routes: {r: {versions: {}}}",
        "f:1:24: routes.r.versions: a route needs at least one version\n");
  check("routes: {r: {versions: {1.0: {targets: [t]}}}}",
        "f:1:25: routes.r.versions: the key `1.0` must be a semantic version such as 1.0.0 or "
        "2.1.0-rc.1\n");
  check("routes: {r: {versions: {1.0.0: {targets: []}}}}",
        "f:1:42: routes.r.versions.1.0.0.targets: the list must have from 1 to 64 entries\n");
  check(
      "targets: {local: {url: 'http://h', model: m}}\n"
      "routes: {r: {versions: {1.0.0: {targets: [locla, local, local]}}}}",
      "f:2:43: routes.r.versions.1.0.0.targets: there is no target `locla`; did you mean "
      "`local`?\n"
      "f:2:57: routes.r.versions.1.0.0.targets: `local` is listed twice\n");
}

TEST(Versions, HaveAtMostOneActiveDefault) {
  check(
      "targets: {t: {url: 'http://h', model: m}}\n"
      "routes:\n"
      "  r:\n"
      "    versions:\n"
      "      1.0.0: {targets: [t], default: true, active: false}\n"
      "      1.1.0: {targets: [t], default: true}\n",
      "f:5:52: routes.r.versions.1.0.0: the default version must be active\n"
      "f:6:38: routes.r.versions.1.1.0: version 1.0.0 is the default already; a route has at "
      "most one\n");
}

TEST(Fallbacks, Resolve) {
  check_after_routes("    fallbacks: [assistant@1.1.0, assistant]\n", "");
  check_after_routes(
      "    fallbacks: [assistant@2.0.0, asistant, 'other@1.0.0']\n",
      "f:9:17: routes.assistant.fallbacks: the route `assistant` has no version `2.0.0`; did you "
      "mean `1.0.0`?\n"
      "f:9:34: routes.assistant.fallbacks: there is no route `asistant`; did you mean "
      "`assistant`?\n"
      "f:9:44: routes.assistant.fallbacks: there is no route `other`\n");
  check_after_routes(
      "    fallbacks: [r]\n  r: {versions: {1.0.0: {targets: [one]}}}\n",
      "f:9:17: routes.assistant.fallbacks: the route `r` has no default version; name one, as in "
      "r@1.0.0\n");
}

TEST(Experiments, CompareVersionsOfTheRoute) {
  check_experiment("      variants: {a: 1.0.0, b: 1.1.0}\n      split: {a: 80, b: 20}\n", "");
  check_experiment(
      "      variants: {a: 1.0.0, b: 1.1.1}\n      split: {a: 80, b: 20}\n",
      "f:11:31: routes.assistant.experiment.variants.b: the route has no version `1.1.1`; did you "
      "mean `1.1.0`?\n");
  check_experiment(
      "      variants: {a: 1.0.0, b: 1.0.0}\n      split: {a: 80, b: 20}\n",
      "f:11:31: routes.assistant.experiment.variants.b: variant a has version 1.0.0 already; the "
      "versions must differ\n");
  check_experiment(
      "      variants: {a: 1.0.0}\n      split: {a: 100}\n",
      "f:11:17: routes.assistant.experiment.variants: an experiment compares from 2 to 16 "
      "variants\n");
  check_experiment(
      "      variants: {b: 1.0.0, c: 1.1.0}\n      split: {b: 50, c: 50}\n",
      "f:11:17: routes.assistant.experiment.variants: one variant must be named `a`, the "
      "control\n");
}

TEST(Experiments, HaveANameEach) {
  const auto second = [](const std::string& name) {
    return "    experiment: {name: x, variants: {a: 1.0.0, b: 1.1.0}, split: {a: 80, b: 20}}\n"
           "  r:\n"
           "    versions: {1.0.0: {targets: [one]}, 1.1.0: {targets: [one]}}\n"
           "    experiment: {name: " +
           name + ", variants: {a: 1.0.0, b: 1.1.0}, split: {a: 80, b: 20}}\n";
  };
  check_after_routes(second("y"), "");
  check_after_routes(second("x"),
                     "f:12:24: routes.r.experiment.name: the experiment of the route `assistant` "
                     "has this name already; give each its own\n");
}

TEST(Experiments, NeedActiveVersions) {
  check_after_routes(
      "      1.2.0: {targets: [two], active: false}\n"
      "    experiment:\n"
      "      name: x\n"
      "      variants: {a: 1.0.0, b: 1.2.0}\n"
      "      split: {a: 50, b: 50}\n"
      "      mirror: {version: 1.2.0, share: 0.1}\n",
      "f:12:31: routes.assistant.experiment.variants.b: version 1.2.0 is not active\n"
      "f:14:25: routes.assistant.experiment.mirror.version: version 1.2.0 is not active\n");
}

TEST(Experiments, SplitAllOfTheTraffic) {
  const std::string variants = "      variants: {a: 1.0.0, b: 1.1.0}\n";
  check_experiment(variants + "      split: {a: 80, b: 30}\n",
                   "f:12:14: routes.assistant.experiment.split: the shares sum to 110, not to "
                   "100\n");
  check_experiment(variants + "      split: {a: 33.3, b: 66.7}\n", "");
  check_experiment(variants + "      split: {a: 100}\n",
                   "f:12:14: routes.assistant.experiment.split: variant `b` has no share; write 0 "
                   "for none\n");
  check_experiment(variants + "      split: {a: 50, b: 25, c: 25}\n",
                   "f:12:29: routes.assistant.experiment.split: there is no variant `c`\n");
  check_experiment(variants + "      split: {a: -1, b: 101}\n",
                   "f:12:18: routes.assistant.experiment.split.a: must be a number from 0 to 100, "
                   "found `-1`\n"
                   "f:12:25: routes.assistant.experiment.split.b: must be a number from 0 to 100, "
                   "found `101`\n");
}

TEST(Experiments, KeepTheirCriteriaAsJson) {
  const std::string head =
      "    experiment:\n      name: x\n      variants: {a: 1.0.0, b: 1.1.0}\n"
      "      split: {a: 50, b: 50}\n      criteria: ";
  const Loaded loaded =
      load_after_routes(head + "{min_duration: 24h, min_requests: 10, rollout: [1, 100]}\n");
  EXPECT_EQ(problems_of(loaded), "");
  EXPECT_EQ(loaded.settings.routes.at("assistant").experiment->criteria_json,
            R"({"min_requests":10,"min_duration":"1d","rollout":[1E0,1E2]})");
  check_after_routes(head + "{min_request: 10, max_error_rate: 2}\n",
                     "f:13:18: routes.assistant.experiment.criteria: unknown key `min_request`; "
                     "did you mean `min_requests`?\n"
                     "f:13:51: routes.assistant.experiment.criteria.max_error_rate: must be a "
                     "number from 0.0001 to 0.9999, found `2`\n");
}

TEST(AutoPools, ChooseAmongRoutes) {
  check_after_routes("auto: {default: {candidates: [assistant, assistant@1.1.0]}}\n", "");
  check_after_routes(
      "auto: {default: {candidates: [assistent], priors: {assistant: {taste: 1}}}}\n",
      "f:9:31: auto.default.candidates: there is no route `assistent`; did you mean `assistant`?\n"
      "f:9:52: auto.default.priors: `assistant` is none of the candidates; did you mean "
      "`assistent`?\n"
      "f:9:64: auto.default.priors.assistant: the key `taste` must be one of cost, accuracy, "
      "creativity, speed, continuity\n");
}

TEST(Operation, ValuesFitTogether) {
  check("retry: {base: 2s}", "f:1:15: retry: cap (250ms) is shorter than base (2s)\n");
  check("blacklist: {base: 2h, cap: 1h}",
        "f:1:28: blacklist: cap (1h) is shorter than base (2h)\n");
  check("retry: {max_targets: 9}",
        "f:1:22: retry.max_targets: must be a whole number from 1 to 8, found `9`\n");
  check("limits: {header_bytes: 64KiB}",
        "f:1:24: limits.header_bytes: must be a size from 1KiB to 65535, in bytes or with a unit "
        "(64KiB, 8MiB), found `64KiB`\n");
  check("store: {engine: postgres, url: 'postgresql://u:pw@h/db'}",
        "f:1:17: store.engine: postgres is not available in this version; use rocksdb\n");
  check("store: {url: 'postgresql://u:pw@h/db'}",
        "f:1:14: store.url: only engine postgres takes a url; remove it\n");
  check("improve: {analysis: weekly}",
        "f:1:21: improve.analysis: must be a cron expression of five fields such as \"0 3 * * 1\", "
        "found `weekly`\n");
  check("improve: {fine_tuning: {target: gone}}",
        "f:1:33: improve.fine_tuning.target: there is no target `gone`\n");
  check("improve: {fine_tuning: {automatic: true}}",
        "f:1:36: improve.fine_tuning: automatic needs a target\n");
  check("telemetry: {otlp: {endpoint: collector:4318}}",
        "f:1:30: telemetry.otlp.endpoint: must be a whole URL such as http://127.0.0.1:9001/v1\n");
}

TEST(Checks, AddNoFalseProblemsToWhatCouldNotBeRead) {
  check("listeners: {admin: {address: 0.0.0.0, token: [x]}}",
        "f:1:46: listeners.admin.token: must be text, found a list\n");
  check_experiment("      variants: {a: 1.0.0, b: 1.1.0}\n      split: {a: 80, b: many}\n",
                   "f:12:25: routes.assistant.experiment.split.b: must be a number from 0 to 100, "
                   "found `many`\n");
}

}  // namespace
}  // namespace tallygate::config
