#include "config/yaml/tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "config/yaml/unicode.h"

namespace tallygate::config::yaml {
namespace {

/// Leaves yaml-cpp's parser, which offers no other way out; never leaves this file.
struct Refusal {
  Mark mark;
  std::string message;
};

Mark mark_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Tree& tree) : tree_(tree) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      throw Refusal{mark_of(mark), "a second document starts here; the file must hold only one"};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node& node = add(mark, Node::Kind::null, anchor);
    complete(node);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    Node& node = add(mark, Node::Kind::scalar, anchor);
    node.text = value;
    node.quoted = tag != "?" && !tag.empty();
    complete(node);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refusal{mark_of(mark), "this alias has no anchor"};
    const Node& target = *found->second;
    if (std::any_of(open_.begin(), open_.end(), [&](const Open& o) { return o.node == &target; })) {
      throw Refusal{mark_of(mark), "this alias refers to a value that contains it"};
    }
    count(mark, target.expanded);
    attach(target);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(add(mark, Node::Kind::list, anchor), mark);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(add(mark, Node::Kind::map, anchor), mark);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node* node;
    const Node* key = nullptr;  ///< of the entry whose value comes next
  };

  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!" || tag == "tag:yaml.org,2002:str") return;
    throw Refusal{mark_of(mark), "tags (\"!...\") are not used in this file; remove it"};
  }

  void count(const YAML::Mark& mark, std::size_t nodes) {
    total_ += nodes;
    if (total_ > kMaxNodes) {
      throw Refusal{mark_of(mark), fmt::format("the file holds more than {} values, counting each "
                                               "use of an alias; make it smaller",
                                               kMaxNodes)};
    }
  }

  Node& add(const YAML::Mark& mark, Node::Kind kind, YAML::anchor_t anchor) {
    count(mark, 1);
    Node& node = tree_.nodes.emplace_back();
    node.kind = kind;
    node.mark = mark_of(mark);
    if (anchor != 0) anchors_[anchor] = &node;
    return node;
  }

  void open(Node& node, const YAML::Mark& mark) {
    if (open_.size() >= static_cast<std::size_t>(kMaxDepth)) {
      throw Refusal{mark_of(mark), fmt::format("nested deeper than {} levels", kMaxDepth)};
    }
    open_.push_back({&node});
  }

  void close() {
    Node& node = *open_.back().node;
    open_.pop_back();
    complete(node);
  }

  void complete(const Node& node) { attach(node); }

  void attach(const Node& node) {
    if (open_.empty()) {
      tree_.root = &node;
      return;
    }
    Open& parent = open_.back();
    parent.node->expanded += node.expanded;
    if (parent.node->kind == Node::Kind::list) {
      parent.node->entries.push_back({nullptr, &node});
    } else if (parent.key == nullptr) {
      parent.key = &node;
    } else {
      parent.node->entries.push_back({std::exchange(parent.key, nullptr), &node});
    }
  }

  Tree& tree_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, const Node*> anchors_;
  std::size_t total_ = 0;
  int documents_ = 0;
};

std::optional<Refusal> refuse_bytes(std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    return Refusal{{}, fmt::format("the file is larger than {} bytes", kMaxTextBytes)};
  }
  const std::size_t bad = first_bad_byte(text);
  if (bad == std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(0, bad);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0
  return Refusal{{static_cast<int>(line), static_cast<int>(bad - start + 1)},
                 fmt::format("byte 0x{:02x} is not allowed here; the file must be UTF-8 text "
                             "without control characters",
                             static_cast<unsigned char>(text[bad]))};
}

std::optional<Refusal> read_events(std::string_view text, Tree& tree) {
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder(tree);
    while (parser.HandleNextDocument(builder)) {
    }
    return std::nullopt;
  } catch (const Refusal& refusal) {
    return refusal;
  } catch (const YAML::Exception& error) {
    return Refusal{mark_of(error.mark), "not valid YAML: " + error.msg};
  }
}

}  // namespace

Tree parse_tree(std::string_view text, const std::string& file) {
  Tree tree;
  auto refusal = refuse_bytes(text);
  if (!refusal) refusal = read_events(text, tree);
  if (!refusal && (tree.root == nullptr || tree.root->kind == Node::Kind::null)) {
    refusal = Refusal{{}, "the file is empty; write {} to run on defaults alone"};
  }
  if (refusal) {
    tree.root = nullptr;
    tree.problems.push_back(
        {file, refusal->mark.line, refusal->mark.column, std::move(refusal->message)});
  }
  return tree;
}

}  // namespace tallygate::config::yaml
