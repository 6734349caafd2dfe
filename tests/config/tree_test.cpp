#include "config/yaml/tree.h"

#include <gtest/gtest.h>

namespace tallygate::config::yaml {
namespace {

/// The tree as one line, marks left out: what was read, duplicates and all.
std::string print(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null: return "~";
    case Node::Kind::scalar: return node.quoted ? "'" + node.text + "'" : node.text;
    case Node::Kind::list:
    case Node::Kind::map: break;
  }
  std::string out;
  for (const Entry& entry : node.entries) {
    if (!out.empty()) out += ' ';
    if (entry.key != nullptr) out += print(*entry.key) + ":";
    out += print(*entry.value);
  }
  return node.kind == Node::Kind::list ? "[" + out + "]" : "{" + out + "}";
}

void check(std::string_view text, const std::string& expected) {
  const Tree tree = parse_tree(text, "f");
  EXPECT_EQ(tree.root != nullptr ? print(*tree.root) : to_string(tree.problems.at(0)), expected)
      << text;
}

TEST(Tree, KeepsEverythingAsWritten) {
  check("a: 1\na: 2\n", "{a:1 a:2}");
  check("a: '1'\nb: [x, ~, \"y\"]\nc:\n", "{a:'1' b:[x ~ 'y'] c:~}");
  check("{}", "{}");
  check("? [x]\n: y\n", "{[x]:y}");
  check("a: |\n  text\n", "{a:'text\n'}");
  check(
      "\xEF\xBB\xBF"
      "a: 1\n",
      "{a:1}");
}

TEST(Tree, ExpandsAliasesWithinBounds) {
  check("a: &x [1, 2]\nb: *x\n", "{a:[1 2] b:[1 2]}");
  check("a: &x [*x]\n", "f:1:8: this alias refers to a value that contains it");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j == 0 ? "*a" : ", *a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  const Tree tree = parse_tree(bomb, "f");
  ASSERT_EQ(tree.problems.size(), 1U);
  EXPECT_NE(tree.problems[0].message.find("more than 1000000 values"), std::string::npos);
}

TEST(Tree, RefusesWhatTheFileNeverNeeds) {
  check("", "f:1:1: the file is empty; write {} to run on defaults alone");
  check("# only a comment\n", "f:1:1: the file is empty; write {} to run on defaults alone");
  check("a: 1\n---\nb: 2\n", "f:2:1: a second document starts here; the file must hold only one");
  check("a: !!binary aGk=\n", "f:1:4: tags (\"!...\") are not used in this file; remove it");
  check(std::string(100, '[') + std::string(100, ']'), "f:1:33: nested deeper than 32 levels");
  EXPECT_FALSE(parse_tree(std::string(kMaxTextBytes + 1, ' '), "f").problems.empty());
}

TEST(Tree, PointsAtSyntaxErrors) {
  const Tree tree = parse_tree("a: 1\nb: [1, 2\nc: 3\n", "f");
  ASSERT_EQ(tree.problems.size(), 1U);
  EXPECT_GE(tree.problems[0].line, 2);
  EXPECT_EQ(tree.problems[0].message.rfind("not valid YAML: ", 0), 0U);
}

TEST(Tree, RefusesBytesThatAreNotText) {
  const auto refused = [](const char* byte) {
    return std::string(byte) +
           " is not allowed here; the file must be UTF-8 text without control characters";
  };
  check("a: 1\nb: \xFFx\n", refused("f:2:4: byte 0xff"));
  check("a: \xC0\x80\n", refused("f:1:4: byte 0xc0"));
  check("a: \xED\xA0\x80\n", refused("f:1:4: byte 0xed"));
  check("a: \xF4\x90\x80\x80\n", refused("f:1:4: byte 0xf4"));
  check("a: \xE2\x82", refused("f:1:4: byte 0xe2"));
  check(std::string_view("a: \0", 4), refused("f:1:4: byte 0x00"));
  check("a: \x1B[0m\n", refused("f:1:4: byte 0x1b"));
  check("a: größe €\n", "{a:größe €}");
}

}  // namespace
}  // namespace tallygate::config::yaml
