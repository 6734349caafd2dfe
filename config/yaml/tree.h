#pragma once
// A YAML document as a tree of marked nodes, built from yaml-cpp's events. yaml-cpp's own tree
// merges duplicate keys silently and expands aliases without a bound; this one keeps every key as
// written and refuses what would grow beyond the limits below.

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace tallygate::config::yaml {

inline constexpr std::size_t kMaxTextBytes = std::size_t{8} << 20;
inline constexpr std::size_t kMaxNodes = 1'000'000;  ///< after expanding aliases
inline constexpr int kMaxDepth = 32;

/// Where something stands; both count from 1, columns in bytes.
struct Mark {
  int line = 1;
  int column = 1;
};

struct Node;

struct Entry {
  const Node* key = nullptr;  ///< null in a list
  const Node* value = nullptr;
};

struct Node {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  Mark mark;
  bool quoted = false;  ///< a scalar in quotes or a block scalar: never a number or a boolean
  std::string text;     ///< of a scalar, before interpolation
  std::vector<Entry> entries;  ///< of a list or map, in file order
  std::size_t expanded = 1;    ///< nodes of this subtree, aliases counted in full
};

/// Owns its nodes. Aliased nodes are shared, so the tree is a graph without cycles.
struct Tree {
  std::deque<Node> nodes;
  const Node* root = nullptr;     ///< null if `problems` is not empty
  std::vector<Problem> problems;  ///< at most one: YAML cannot be read past a syntax error
};

/// Refuses text that is not UTF-8, more than one document, tags, and what exceeds the limits.
Tree parse_tree(std::string_view text, const std::string& file);

}  // namespace tallygate::config::yaml
