#pragma once
// One description, three uses: a Codec<T> decodes a node into a T, prints a T, and is its own JSON
// Schema. Leaves are made by the functions below; structs by Record<T>, a table of their keys.
// Codecs are values without state: build once, use for any number of files.

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/settings.h"
#include "config/yaml/decoder.h"

namespace tallygate::config::yaml {

template <class T>
struct Codec {
  boost::json::object schema;
  std::function<void(Decoder&, const Node&, T&)> decode;
  std::function<boost::json::value(const T&)> print;  ///< null = the key is left out
};

/// What a text must look like beyond being text.
struct TextRule {
  std::string expectation = "text";  ///< completes "must be ..."
  std::string pattern{};             ///< for the schema; "" = none
  bool (*accepts)(std::string_view) = nullptr;
  std::size_t max_bytes = 4096;
};

Codec<bool> boolean();
Codec<double> number(double min, double max);
Codec<std::string> text(const TextRule& rule = {});
/// Text that print() and messages never show.
Codec<std::string> hidden_text();
/// The file only says where it is: one reference, or nothing.
Codec<Secret> secret();
Codec<std::uint64_t> whole64(std::uint64_t min, std::uint64_t max);
Codec<std::uint64_t> size64(std::uint64_t min, std::uint64_t max);
Codec<Duration> duration(Duration min = Duration{0}, Duration max = std::chrono::hours{24 * 30});

/// What schemas refer to as #/$defs/NAME.
boost::json::object shared_schemas();
/// Adds that `${...}` may stand in place of the value, which then is a string to an editor.
boost::json::object interpolable(boost::json::object schema);
boost::json::object any_of(boost::json::object a, boost::json::object b);
boost::json::object record_schema(boost::json::object properties,
                                  const std::vector<std::string>& required);

/// The same values in a narrower type; the range has been checked by `wide`.
template <class N>
Codec<N> narrow(const Codec<std::uint64_t>& wide) {
  Codec<N> codec;
  codec.schema = wide.schema;
  codec.print = [print = wide.print](const N& value) { return print(value); };
  codec.decode = [decode = wide.decode](Decoder& decoder, const Node& node, N& out) {
    std::uint64_t value = out;
    decode(decoder, node, value);
    out = static_cast<N>(value);
  };
  return codec;
}

template <class N>
Codec<N> whole(N min, N max) {
  return narrow<N>(whole64(min, max));
}

inline Codec<std::size_t> size(std::uint64_t min, std::uint64_t max) {
  return narrow<std::size_t>(size64(min, max));
}

/// `inner`, or the word auto, which is zero.
template <class N>
Codec<N> or_auto(Codec<N> inner) {
  Codec<N> codec;
  codec.schema = any_of({{"const", "auto"}}, inner.schema);
  codec.print = [inner](const N& value) {
    return value == 0 ? boost::json::value("auto") : inner.print(value);
  };
  codec.decode = [inner](Decoder& decoder, const Node& node, N& out) {
    if (node.kind == Node::Kind::scalar && node.text == "auto") {
      out = 0;
    } else {
      inner.decode(decoder, node, out);
    }
  };
  return codec;
}

/// One of a few words.
template <class E>
Codec<E> choice(std::vector<std::pair<std::string, E>> words) {
  boost::json::array names;
  std::string expectation = "one of";
  for (const auto& [name, value] : words) {
    names.emplace_back(name);
    expectation += (names.size() == 1 ? " " : ", ") + name;
  }
  Codec<E> codec;
  codec.schema = interpolable({{"enum", names}});
  codec.print = [words](const E& value) -> boost::json::value {
    for (const auto& [name, candidate] : words) {
      if (candidate == value) return boost::json::value(name);
    }
    return nullptr;
  };
  codec.decode = [words, expectation](Decoder& decoder, const Node& node, E& out) {
    const auto text = decoder.text(node, expectation);
    if (!text) return;
    for (const auto& [name, candidate] : words) {
      if (name == text->value) {
        out = candidate;
        return;
      }
    }
    decoder.mismatch(node, expectation);
  };
  return codec;
}

template <class T>
Codec<std::optional<T>> optional(Codec<T> inner) {
  Codec<std::optional<T>> codec;
  codec.schema = inner.schema;
  codec.print = [print = inner.print](const std::optional<T>& value) {
    return value ? print(*value) : boost::json::value(nullptr);
  };
  codec.decode = [inner](Decoder& decoder, const Node& node, std::optional<T>& out) {
    decoder.read(inner, node, out.emplace());
  };
  return codec;
}

/// A list; what the file gives replaces the default.
template <class T>
Codec<std::vector<T>> list_of(Codec<T> inner, std::size_t min = 0, std::size_t max = 1000) {
  Codec<std::vector<T>> codec;
  codec.schema = {{"type", "array"}, {"items", inner.schema}, {"maxItems", max}};
  if (min > 0) codec.schema["minItems"] = min;
  codec.print = [print = inner.print](const std::vector<T>& values) -> boost::json::value {
    boost::json::array out;
    for (const T& value : values) out.push_back(print(value));
    return out;
  };
  codec.decode = [inner, min, max](Decoder& decoder, const Node& node, std::vector<T>& out) {
    if (node.kind != Node::Kind::list) return decoder.mismatch(node, "a list, such as [a, b]");
    if (node.entries.size() < min || node.entries.size() > max) {
      return decoder.problem(node, "the list must have from " + std::to_string(min) + " to " +
                                       std::to_string(max) + " entries");
    }
    out.clear();
    out.reserve(node.entries.size());  // places are kept by address
    for (const Entry& entry : node.entries) {
      const std::string step = "[" + std::to_string(out.size()) + "]";
      decoder.read_child(step, inner, *entry.value, out.emplace_back());
    }
  };
  return codec;
}

/// Reports and returns false if `key` breaks the rule.
bool key_follows(Decoder& decoder, const Node& key, const TextRule& rule);

/// A map with free keys; what the file gives replaces the default.
template <class T>
Codec<std::map<std::string, T>> map_of(TextRule keys, Codec<T> inner) {
  using Map = std::map<std::string, T>;
  Codec<Map> codec;
  codec.schema = {{"type", "object"}, {"additionalProperties", inner.schema}};
  if (!keys.pattern.empty()) codec.schema["propertyNames"] = {{"pattern", keys.pattern}};
  codec.print = [print = inner.print](const Map& values) -> boost::json::value {
    boost::json::object out;
    for (const auto& [name, value] : values) out[name] = print(value);
    return out;
  };
  codec.decode = [inner, keys](Decoder& decoder, const Node& node, Map& out) {
    out.clear();
    for (const Entry& entry : decoder.unique_entries(node, "a map")) {
      if (!key_follows(decoder, *entry.key, keys)) continue;
      const auto [it, fresh] = out.try_emplace(entry.key->text);
      decoder.place(it->first, entry.key->mark, true);
      decoder.read_child(it->first, inner, *entry.value, it->second);
    }
  };
  return codec;
}

/// A struct as a table of keys, in the order in which they are printed and documented.
template <class T>
class Record {
 public:
  template <class M>
  Record& field(std::string name, M T::*member, Codec<M> codec, std::string_view description) {
    // Shared, since a record is copied into every record around it.
    const auto shared = std::make_shared<const Codec<M>>(std::move(codec));
    auto read = [member, shared](Decoder& decoder, std::string_view step, const Node& node,
                                 T& out) { decoder.read_child(step, *shared, node, out.*member); };
    auto print = [member, shared](const T& value) { return shared->print(value.*member); };
    return add(std::move(name), {read, print}, shared->schema, shared->print(T{}.*member),
               description);
  }

  /// A key whose value spans several members, or nests more keys of the same struct.
  Record& part(std::string name, Codec<T> codec, std::string_view description) {
    const auto shared = std::make_shared<const Codec<T>>(std::move(codec));
    auto read = [shared](Decoder& decoder, std::string_view step, const Node& node, T& out) {
      decoder.read_child(step, *shared, node, out);
    };
    return add(std::move(name), {read, shared->print}, shared->schema, shared->print(T{}),
               description);
  }

  /// The key named last must be given.
  Record& required() {
    table_.required.push_back(table_.names.back());
    properties_[table_.names.back()].as_object().erase("default");
    return *this;
  }

  Codec<T> codec() const {
    Codec<T> codec;
    codec.schema = record_schema(properties_, table_.required);
    const auto table = std::make_shared<const Table>(table_);
    codec.print = [table](const T& value) -> boost::json::value {
      boost::json::object out;
      for (std::size_t i = 0; i < table->rows.size(); ++i) {
        boost::json::value printed = table->rows[i].print(value);
        if (!printed.is_null()) out[table->names[i]] = std::move(printed);
      }
      return out;
    };
    codec.decode = [table](Decoder& decoder, const Node& node, T& out) {
      const auto& [names, rows, required] = *table;
      const auto values = decoder.match(node, names);
      if (!values) return;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const Node* value = (*values)[i];
        if (value != nullptr) {
          rows[i].read(decoder, names[i], *value, out);
        } else if (std::find(required.begin(), required.end(), names[i]) != required.end()) {
          decoder.problem(node, "the key `" + names[i] + "` is missing");
        }
      }
    };
    return codec;
  }

 private:
  struct Row {
    std::function<void(Decoder&, std::string_view step, const Node&, T&)> read;
    std::function<boost::json::value(const T&)> print;
  };
  struct Table {
    std::vector<std::string> names;
    std::vector<Row> rows;
    std::vector<std::string> required;
  };

  Record& add(std::string name, Row row, boost::json::object schema, boost::json::value initial,
              std::string_view description) {
    schema["description"] = description;
    // The default of a struct is told key by key, and an empty one tells nothing.
    if (!initial.is_null() && !initial.is_object()) schema["default"] = std::move(initial);
    properties_[name] = std::move(schema);
    table_.names.push_back(std::move(name));
    table_.rows.push_back(std::move(row));
    return *this;
  }

  Table table_;
  boost::json::object properties_;
};

}  // namespace tallygate::config::yaml
