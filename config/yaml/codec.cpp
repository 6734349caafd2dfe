#include "config/yaml/codec.h"

#include <fmt/format.h>

#include "config/yaml/interpolate.h"
#include "config/yaml/scalars.h"
#include "config/yaml/unicode.h"

namespace tallygate::config::yaml {
namespace {

constexpr std::size_t kMaxSecretBytes = 8 * 1024;

std::optional<std::string> read_hidden(Decoder& decoder, const Node& node) {
  if (node.kind != Node::Kind::scalar) {
    decoder.mismatch(node, "text");
    return std::nullopt;
  }
  auto text = decoder.text(node, "text");
  if (!text) return std::nullopt;
  if (has_control(text->value) || text->value.size() > kMaxSecretBytes) {
    decoder.problem(node, fmt::format("must be one line of at most {} bytes without control "
                                      "characters",
                                      kMaxSecretBytes));
    return std::nullopt;
  }
  return std::move(text->value);
}

boost::json::value print_hidden(const std::string& value) { return value.empty() ? "" : "***"; }

boost::json::object plain_text_schema() { return {{"type", "string"}}; }

}  // namespace

boost::json::object any_of(boost::json::object a, boost::json::object b) {
  boost::json::array choices;
  choices.push_back(std::move(a));
  choices.push_back(std::move(b));
  return {{"anyOf", std::move(choices)}};
}

boost::json::object interpolable(boost::json::object schema) {
  return any_of(std::move(schema), {{"$ref", "#/$defs/interpolated"}});
}

boost::json::object record_schema(boost::json::object properties,
                                  const std::vector<std::string>& required) {
  boost::json::object schema{
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = boost::json::array(required.begin(), required.end());
  return schema;
}

boost::json::object shared_schemas() {
  return {{"interpolated",
           {{"type", "string"},
            {"pattern", "\\$\\{(env|file):"},
            {"description", "${env:NAME}, ${env:NAME:-default} or ${file:/path}"}}},
          {"boolean", interpolable({{"type", "boolean"}})},
          {"duration",
           interpolable({{"type", "string"}, {"pattern", "^(0|[1-9][0-9]*)(ms|s|m|h|d)$"}})}};
}

Codec<bool> boolean() {
  Codec<bool> codec;
  codec.schema = {{"$ref", "#/$defs/boolean"}};
  codec.print = [](const bool& value) { return boost::json::value(value); };
  codec.decode = [](Decoder& decoder, const Node& node, bool& out) {
    const auto text = decoder.text(node, "true or false");
    if (!text) return;
    if (text->is_string || (text->value != "true" && text->value != "false")) {
      return decoder.mismatch(node, "true or false");
    }
    out = text->value == "true";
  };
  return codec;
}

Codec<double> number(double min, double max) {
  const std::string expectation =
      fmt::format("a number from {} to {}", render_number(min), render_number(max));
  Codec<double> codec;
  codec.schema = interpolable({{"type", "number"}, {"minimum", min}, {"maximum", max}});
  codec.print = [](const double& value) { return boost::json::value(value); };
  codec.decode = [=](Decoder& decoder, const Node& node, double& out) {
    const auto text = decoder.text(node, expectation);
    if (!text) return;
    const auto value = parse_number(text->value);
    if (text->is_string || !value || *value < min || *value > max) {
      return decoder.mismatch(node, expectation);
    }
    out = *value;
  };
  return codec;
}

Codec<std::uint64_t> whole64(std::uint64_t min, std::uint64_t max) {
  const std::string expectation = fmt::format("a whole number from {} to {}", min, max);
  Codec<std::uint64_t> codec;
  codec.schema = interpolable({{"type", "integer"}, {"minimum", min}, {"maximum", max}});
  codec.print = [](const std::uint64_t& value) { return boost::json::value(value); };
  codec.decode = [=](Decoder& decoder, const Node& node, std::uint64_t& out) {
    const auto text = decoder.text(node, expectation);
    if (!text) return;
    const auto value = parse_whole(text->value);
    if (text->is_string || !value || *value < min || *value > max) {
      return decoder.mismatch(node, expectation);
    }
    out = *value;
  };
  return codec;
}

Codec<std::uint64_t> size64(std::uint64_t min, std::uint64_t max) {
  const std::string expectation =
      fmt::format("a size from {} to {}, in bytes or with a unit (64KiB, 8MiB)", render_size(min),
                  render_size(max));
  Codec<std::uint64_t> codec;
  codec.schema = interpolable(
      any_of({{"type", "integer"}, {"minimum", min}, {"maximum", max}},
             {{"type", "string"}, {"pattern", "^(0|[1-9][0-9]*)(B|KiB|MiB|GiB|TiB)?$"}}));
  codec.print = [](const std::uint64_t& value) -> boost::json::value {
    const std::string text = render_size(value);
    if (is_digit(text.back())) return boost::json::value(value);
    return boost::json::value(text);
  };
  codec.decode = [=](Decoder& decoder, const Node& node, std::uint64_t& out) {
    const auto text = decoder.text(node, expectation);
    if (!text) return;
    const auto value = parse_size(text->value);
    if (!value || *value < min || *value > max) return decoder.mismatch(node, expectation);
    out = *value;
  };
  return codec;
}

Codec<Duration> duration(Duration min, Duration max) {
  const std::string expectation =
      fmt::format("a duration from {} to {}, a whole number with ms, s, m, h or d (250ms, 5s)",
                  render_duration(min), render_duration(max));
  Codec<Duration> codec;
  codec.schema = {{"$ref", "#/$defs/duration"}};
  codec.print = [](const Duration& value) { return boost::json::value(render_duration(value)); };
  codec.decode = [=](Decoder& decoder, const Node& node, Duration& out) {
    const auto text = decoder.text(node, expectation);
    if (!text) return;
    const auto value = parse_duration(text->value);
    if (!value || *value < min || *value > max) return decoder.mismatch(node, expectation);
    out = *value;
  };
  return codec;
}

Codec<std::string> text(const TextRule& rule) {
  Codec<std::string> codec;
  codec.schema = plain_text_schema();
  if (!rule.pattern.empty()) {
    codec.schema["pattern"] = rule.pattern;
    codec.schema = interpolable(codec.schema);
  }
  codec.print = [](const std::string& value) { return boost::json::value(escape_dollars(value)); };
  codec.decode = [rule](Decoder& decoder, const Node& node, std::string& out) {
    auto text = decoder.text(node, rule.expectation);
    if (!text) return;
    if (has_control(text->value) || text->value.size() > rule.max_bytes) {
      return decoder.mismatch(node, fmt::format("one line of at most {} bytes", rule.max_bytes));
    }
    if (rule.accepts != nullptr && !rule.accepts(text->value)) {
      return decoder.mismatch(node, rule.expectation);
    }
    out = std::move(text->value);
  };
  return codec;
}

Codec<std::string> hidden_text() {
  Codec<std::string> codec;
  codec.schema = plain_text_schema();
  codec.print = print_hidden;
  codec.decode = [](Decoder& decoder, const Node& node, std::string& out) {
    if (auto value = read_hidden(decoder, node)) out = std::move(*value);
  };
  return codec;
}

Codec<Secret> secret() {
  Codec<Secret> codec;
  codec.schema = plain_text_schema();
  codec.schema["pattern"] = "^(\\$\\{(env:[A-Za-z_][A-Za-z0-9_]*(:-)?|file:/[^}]+)\\})?$";
  codec.print = [](const Secret& value) { return print_hidden(value.value); };
  codec.decode = [](Decoder& decoder, const Node& node, Secret& out) {
    auto value = read_hidden(decoder, node);
    if (!value) return;
    auto reference = sole_reference(node.text);
    if (!reference && !node.text.empty()) {
      return decoder.problem(node,
                             "a secret does not stand in the file: write ${env:NAME}, "
                             "${env:NAME:-} or ${file:/path} and nothing else");
    }
    out = {std::move(*value), reference.value_or("")};
  };
  return codec;
}

bool key_follows(Decoder& decoder, const Node& key, const TextRule& rule) {
  if (key.text.size() <= rule.max_bytes && !has_control(key.text) &&
      (rule.accepts == nullptr || rule.accepts(key.text))) {
    return true;
  }
  decoder.problem(key, fmt::format("the key `{}` must be {}", excerpt(key.text), rule.expectation));
  return false;
}

}  // namespace tallygate::config::yaml
