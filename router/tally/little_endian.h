#pragma once
// Fixed-size little-endian integers, to and from the front of byte strings, for the codecs of this
// folder. Reading is total: what is not there leaves `ok` false and reads as zero.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tallygate::router {

static_assert(std::endian::native == std::endian::little, "the codecs copy integers as they are");

template <class Integer>
void put(std::string& out, Integer value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

class Reader {
 public:
  explicit Reader(std::string_view& in) : in_(in) {}

  template <class Integer>
  Integer take() {
    Integer value = 0;
    if (!ok || in_.size() < sizeof value) {
      ok = false;
      return 0;
    }
    std::memcpy(&value, in_.data(), sizeof value);
    in_.remove_prefix(sizeof value);
    return value;
  }

  bool ok = true;

 private:
  std::string_view& in_;
};

}  // namespace tallygate::router
