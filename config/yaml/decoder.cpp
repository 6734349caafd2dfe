#include "config/yaml/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "config/yaml/interpolate.h"
#include "config/yaml/near_miss.h"
#include "config/yaml/unicode.h"

namespace tallygate::config::yaml {
namespace {

std::string describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null: return "nothing";
    case Node::Kind::list: return "a list";
    case Node::Kind::map: return "a map";
    case Node::Kind::scalar: break;
  }
  const char* kind = node.quoted ? "the quoted text " : "";
  return fmt::format("{}`{}`", kind, excerpt(node.text));
}

}  // namespace

std::optional<Text> Decoder::text(const Node& node, std::string_view expectation) {
  if (node.kind != Node::Kind::scalar) {
    mismatch(node, expectation);
    return std::nullopt;
  }
  auto value = interpolate(node.text, surroundings_);
  if (!value) {
    problem(node, value.error().message);
    return std::nullopt;
  }
  return Text{std::move(value->text), node.quoted && !value->changed};
}

std::vector<Entry> Decoder::unique_entries(const Node& node, std::string_view expectation) {
  if (node.kind == Node::Kind::null) return {};
  if (node.kind != Node::Kind::map) {
    mismatch(node, expectation);
    return {};
  }
  std::vector<Entry> entries;
  std::unordered_map<std::string_view, const Node*> seen;
  for (const Entry& entry : node.entries) {
    if (entry.key->kind != Node::Kind::scalar) {
      problem(*entry.key, "a key must be plain text");
      continue;
    }
    const auto [first, fresh] = seen.try_emplace(entry.key->text, entry.key);
    if (fresh) {
      entries.push_back(entry);
    } else {
      problem(*entry.key,
              fmt::format("duplicate key `{}`; it was given first at line {}, column {}",
                          excerpt(entry.key->text), first->second->mark.line,
                          first->second->mark.column));
    }
  }
  return entries;
}

std::optional<std::vector<const Node*>> Decoder::match(const Node& node,
                                                       const std::vector<std::string>& names) {
  if (node.kind != Node::Kind::map && node.kind != Node::Kind::null) {
    std::string keys;
    for (const std::string& name : names) keys += (keys.empty() ? "" : ", ") + name;
    mismatch(node, "a map with the keys " + keys);
    return std::nullopt;
  }
  std::vector<const Node*> values(names.size());
  for (const Entry& entry : unique_entries(node, "a map")) {
    const auto found = std::find(names.begin(), names.end(), entry.key->text);
    if (found != names.end()) {
      values[static_cast<std::size_t>(found - names.begin())] = entry.value;
      continue;
    }
    problem(*entry.key, fmt::format("unknown key `{}`{}", excerpt(entry.key->text),
                                    suggestion(entry.key->text, names)));
  }
  return values;
}

std::string Decoder::suggestion(std::string_view written,
                                const std::vector<std::string>& names) const {
  return full() ? std::string{} : suggest(written, names);
}

std::string Decoder::path() const {
  std::string path;
  for (const std::string& step : path_) {
    if (!path.empty() && !step.starts_with('[')) path += '.';
    path += excerpt(step);
  }
  return path;
}

void Decoder::problem(const Mark& mark, std::string message) {
  const bool keep = !full();
  ++problem_count_;
  if (!keep) return;
  problems_.push_back({file_, mark.line, mark.column, std::move(message)});
}

void Decoder::problem(const Node& node, const std::string& message) {
  const std::string prefix = path();
  problem(node.mark, prefix.empty() ? message : prefix + ": " + message);
}

void Decoder::mismatch(const Node& node, std::string_view expectation) {
  problem(node, fmt::format("must be {}, found {}", expectation, describe(node)));
}

std::vector<Problem> Decoder::take_problems() {
  const auto order = [](const Problem& p) { return std::tie(p.line, p.column, p.message); };
  std::sort(problems_.begin(), problems_.end(),
            [&](const Problem& a, const Problem& b) { return order(a) < order(b); });
  const auto same = std::unique(problems_.begin(), problems_.end(),
                                [&](const auto& a, const auto& b) { return order(a) == order(b); });
  problems_.erase(same, problems_.end());
  return std::move(problems_);
}

}  // namespace tallygate::config::yaml
