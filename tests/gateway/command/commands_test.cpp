#include "gateway/command/commands.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace tallygate {
namespace {

/// A console that keeps what it is told.
struct Heard {
  std::string out;
  std::string err;
  std::optional<ServeOptions> served;

  int run(std::vector<const char*> words) {
    words.insert(words.begin(), "tallygate");
    const auto keep = [](std::string& text) {
      return [&text](std::string_view more) {
        text += more;
        return true;
      };
    };
    return run_command(static_cast<int>(words.size()), words.data(),
                       {keep(out), keep(err), WallTime{}, [this](const ServeOptions& options) {
                          served = options;
                          return 42;
                        }});
  }
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string write_file(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + name;
  std::ofstream(path) << text;
  return path;
}

TEST(Commands, TeachByHelp) {
  Heard heard;
  EXPECT_EQ(heard.run({"--help"}), kExitOk);
  for (const auto* word :
       {"serve", "check", "print-config", "print-schema", "journal", "version", "Examples:"}) {
    EXPECT_TRUE(has(heard.out, word)) << word;
  }
  Heard journal;
  EXPECT_EQ(journal.run({"journal", "--help"}), kExitOk);
  EXPECT_TRUE(has(journal.out, "tallygate journal --path ./data --since 1h")) << journal.out;
  EXPECT_EQ(journal.err, "");
}

TEST(Commands, TellTheVersion) {
  Heard flag;
  Heard command;
  EXPECT_EQ(flag.run({"--version"}), kExitOk);
  EXPECT_EQ(command.run({"version"}), kExitOk);
  EXPECT_EQ(flag.out, "tallygate " TALLYGATE_VERSION "\n");
  EXPECT_EQ(command.out, flag.out);
}

TEST(Commands, HintAtTheCommandThatWasMeant) {
  Heard heard;
  EXPECT_EQ(heard.run({"chekc"}), kExitUsage);
  EXPECT_EQ(heard.out, "");
  EXPECT_EQ(heard.err,
            "tallygate: there is no command `chekc`; did you mean `check`?\n"
            "Try `tallygate --help`.\n");
}

TEST(Commands, RefuseWhatTheyDoNotUnderstand) {
  const std::vector<std::vector<const char*>> all{
      {},
      {"serve"},
      {"check"},
      {"check", "--config"},
      {"--nope"},
      {"serve", "--config", "x", "--workers", "0"},
      {"serve", "--config", "x", "--workers", "many"},
      {"journal"},
      {"journal", "--path", "x", "--format", "xml"},
      {"journal", "--path", "x", "--limit", "-1"},
      {"journal", "--path", "x", "--since", "yesterday"}};
  for (const auto& words : all) {
    Heard heard;
    EXPECT_EQ(heard.run(words), kExitUsage) << (words.empty() ? "" : words.back());
    EXPECT_TRUE(heard.err.starts_with("tallygate")) << heard.err;
    EXPECT_EQ(heard.out, "");
    EXPECT_FALSE(heard.served);
  }
}

TEST(Commands, ServeWithTheirOptions) {
  Heard heard;
  EXPECT_EQ(heard.run({"serve", "--config", "gate.yaml", "--workers", "3"}), 42);
  ASSERT_TRUE(heard.served);
  EXPECT_EQ(heard.served->config_file, "gate.yaml");
  EXPECT_EQ(heard.served->workers, 3u);
  Heard plain;
  EXPECT_EQ(plain.run({"serve", "-c", "gate.yaml"}), 42);
  EXPECT_EQ(plain.served->workers, std::nullopt);
}

TEST(Commands, CheckAFile) {
  const std::string good = write_file("commands_good.yaml",
                                      "targets:\n"
                                      "  t: {url: 'http://127.0.0.1:9001/v1', model: m}\n"
                                      "routes:\n"
                                      "  r:\n"
                                      "    versions:\n"
                                      "      1.0.0: {targets: [t], default: true}\n"
                                      "      1.1.0: {targets: [t]}\n");
  Heard heard;
  EXPECT_EQ(heard.run({"check", "--config", good.c_str()}), kExitOk) << heard.err;
  EXPECT_EQ(heard.out, good + ": ok (1 route, 2 versions, 1 target)\n");
  EXPECT_EQ(heard.err, "");
}

TEST(Commands, TellEveryProblemOfAFile) {
  const std::string bad = write_file("commands_bad.yaml", "nope: 1\nworkers: many\n");
  for (const auto* command : {"check", "print-config"}) {
    Heard heard;
    EXPECT_EQ(heard.run({command, "--config", bad.c_str()}), kExitFailed);
    EXPECT_EQ(heard.out, "");
    EXPECT_TRUE(has(heard.err, bad + ":1:1: ")) << heard.err;
    EXPECT_TRUE(has(heard.err, bad + ":2:10: ")) << heard.err;
  }
  Heard missing;
  EXPECT_EQ(missing.run({"check", "--config", "/no/such/file.yaml"}), kExitFailed);
  EXPECT_TRUE(missing.err.starts_with("/no/such/file.yaml:")) << missing.err;
}

TEST(Commands, PrintTheSchema) {
  Heard heard;
  EXPECT_EQ(heard.run({"print-schema"}), kExitOk);
  EXPECT_TRUE(has(heard.out, "\"$schema\"")) << heard.out;
}

TEST(Commands, SayWhereNoJournalIs) {
  Heard heard;
  EXPECT_EQ(heard.run({"journal", "--path", "/no/such/store"}), kExitFailed);
  EXPECT_TRUE(has(heard.err, "/no/such/store")) << heard.err;
  EXPECT_EQ(heard.out, "");
}

}  // namespace
}  // namespace tallygate
