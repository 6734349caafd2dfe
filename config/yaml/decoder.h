#pragma once
// What the codecs share while one file is read: the problems found, the path to the value at hand,
// and where each value of the result stands in the file, so that checks made afterwards can still
// point at it. Lives for one parse() call; the values it decodes must not move meanwhile.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <unordered_map>
#include <vector>

#include "config/load.h"
#include "config/yaml/tree.h"

namespace tallygate::config::yaml {

template <class T>
struct Codec;

/// A scalar after interpolation.
struct Text {
  std::string value;
  bool is_string = false;  ///< in quotes, and nothing was put in: never a number or boolean
};

class Decoder {
 public:
  Decoder(std::string file, const Surroundings& surroundings)
      : file_(std::move(file)), surroundings_(surroundings) {}

  /// Decodes `node` into `out` and remembers where `out` stands.
  template <class T>
  void read(const Codec<T>& codec, const Node& node, T& out);

  /// The same one level down; `step` is the key, or "[3]".
  template <class T>
  void read_child(std::string_view step, const Codec<T>& codec, const Node& node, T& out);

  /// The text of a scalar. Reports "must be `expectation`" for anything else, nullopt then.
  std::optional<Text> text(const Node& node, std::string_view expectation);

  /// The values of a map by position in `names`, null where absent. Unknown and duplicate keys are
  /// reported; nullopt if the node is no map. A map without content may be left out: null counts.
  std::optional<std::vector<const Node*>> match(const Node& node,
                                                const std::vector<std::string>& names);

  /// The entries of a map with free keys, duplicates and non-scalar keys reported and left out.
  std::vector<Entry> unique_entries(const Node& node, std::string_view expectation);

  void problem(const Mark& mark, std::string message);
  void problem(const Node& node, const std::string& message);
  /// "PATH: must be EXPECTATION, found ..."; the file's own words, never what was interpolated.
  void mismatch(const Node& node, std::string_view expectation);

  /// Something to decode into that is not part of the result. It lives as long as the decoder, so
  /// that its address cannot come to mean something else.
  template <class T>
  T& scratch() {
    auto value = std::make_shared<T>();
    scratch_.push_back(value);
    return *value;
  }

  template <class T>
  void place(const T& value, const Mark& mark, bool sound);
  /// True if the file gives this value.
  template <class T>
  bool given(const T& value) const;
  /// True if the file gives this value and nothing inside it was wrong.
  template <class T>
  bool sound(const T& value) const;
  /// Reports at the first of the values that the file gives; at its start if it gives none.
  template <class... T>
  void report(const std::string& message, const T&... values);

  /// suggest(), as long as problems are still kept: a file full of mistakes must not cost minutes.
  std::string suggestion(std::string_view written, const std::vector<std::string>& names) const;
  /// The same among the keys of a map.
  template <class Map>
  std::string suggest_key(std::string_view written, const Map& map) const;

  /// In file order, each once.
  std::vector<Problem> take_problems();

 private:
  struct Place {
    Mark mark;
    bool sound = true;
  };
  // A struct and its first member share an address, so the type is part of the key.
  struct Key {
    const void* address;
    std::type_index type;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return std::hash<const void*>{}(key.address) ^ key.type.hash_code();
    }
  };
  template <class T>
  static Key key_of(const T& value) {
    return {&value, std::type_index(typeid(T))};
  }

  std::string path() const;
  // More than anyone reads; bounds what an aliased mistake can multiply to.
  static constexpr std::size_t kMaxProblems = 1000;
  bool full() const { return problem_count_ >= kMaxProblems; }

  std::string file_;
  const Surroundings& surroundings_;
  std::vector<std::string> path_;
  std::vector<Problem> problems_;
  std::size_t problem_count_ = 0;  ///< also those beyond the number that is kept
  std::unordered_map<Key, Place, KeyHash> places_;
  std::vector<std::shared_ptr<void>> scratch_;
};

template <class T>
void Decoder::read(const Codec<T>& codec, const Node& node, T& out) {
  const std::size_t before = problem_count_;
  codec.decode(*this, node, out);
  place(out, node.mark, problem_count_ == before);
}

template <class T>
void Decoder::read_child(std::string_view step, const Codec<T>& codec, const Node& node, T& out) {
  path_.emplace_back(step);
  read(codec, node, out);
  path_.pop_back();
}

template <class Map>
std::string Decoder::suggest_key(std::string_view written, const Map& map) const {
  if (full()) return {};
  constexpr std::size_t kMaxNames = 1000;
  std::vector<std::string> names;
  for (auto it = map.begin(); it != map.end() && names.size() < kMaxNames; ++it) {
    names.push_back(it->first);
  }
  return suggestion(written, names);
}

template <class T>
void Decoder::place(const T& value, const Mark& mark, bool sound) {
  places_.insert_or_assign(key_of(value), Place{mark, sound});
}

template <class T>
bool Decoder::given(const T& value) const {
  return places_.contains(key_of(value));
}

template <class T>
bool Decoder::sound(const T& value) const {
  const auto found = places_.find(key_of(value));
  return found != places_.end() && found->second.sound;
}

template <class... T>
void Decoder::report(const std::string& message, const T&... values) {
  Mark mark;
  const auto stands = [&](const auto& value) {
    const auto found = places_.find(key_of(value));
    if (found == places_.end()) return false;
    mark = found->second.mark;
    return true;
  };
  static_cast<void>((stands(values) || ...));
  problem(mark, message);
}

}  // namespace tallygate::config::yaml
