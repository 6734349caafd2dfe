#pragma once
// Writes JSON by appending. The caller opens and closes what nests; the commas come by themselves.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tallygate::api {

/// `value` with `digits` behind the point, as the shortest exact decimal: (1200, 3) is "1.2".
std::string decimal_text(std::int64_t value, int digits);
/// A figure for people: at most `digits` behind the point, "0" if not finite.
std::string number_text(double value, int digits = 3);

class JsonText {
 public:
  void open(char bracket) {
    item() += bracket;
    fresh_ = true;
  }
  void open(std::string_view key, char bracket) {
    this->key(key) += bracket;
    fresh_ = true;
  }
  void close(char bracket) {
    text_ += bracket;
    fresh_ = false;
  }

  void add(std::string_view key, std::string_view value);
  void add(std::string_view key, std::uint64_t value);
  void add(std::string_view key, bool value);
  void add(std::string_view key, const char* value) { add(key, std::string_view(value)); }
  /// `json` is a JSON value already.
  void add_raw(std::string_view key, std::string_view json) { this->key(key) += json; }
  /// null when empty.
  void add_name(std::string_view key, std::string_view value);

  /// An element of an array.
  void add_string(std::string_view value);
  void add_raw(std::string_view json) { item() += json; }

  const std::string& text() const { return text_; }
  std::string take() { return std::move(text_); }

 private:
  std::string& item();
  std::string& key(std::string_view key);
  void append_string(std::string_view value);

  std::string text_;
  bool fresh_ = true;  ///< nothing stands before the next item in its bracket
};

}  // namespace tallygate::api
