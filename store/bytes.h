#pragma once
// Integers as bytes. Values are little-endian; keys are big-endian, so that they sort. Pure.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/uuid.h"

namespace tallygate::store {

template <class T>
char* put_little(char* at, T value) {
  using Bits = std::make_unsigned_t<T>;
  const auto bits = static_cast<Bits>(value);
  for (std::size_t i = 0; i < sizeof(T); ++i) *at++ = static_cast<char>(bits >> (8 * i));
  return at;
}

/// `at` points to at least sizeof(T) bytes and is moved past them.
template <class T>
T take_little(const char*& at) {
  using Bits = std::make_unsigned_t<T>;
  Bits bits = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    bits = static_cast<Bits>(bits |
                             static_cast<Bits>(Bits{static_cast<std::uint8_t>(*at++)} << (8 * i)));
  }
  return static_cast<T>(bits);
}

template <class T>
char* put_big(char* at, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;) *at++ = static_cast<char>(value >> (8 * i));
  return at;
}

template <class T>
std::string big_endian(T value) {
  std::string bytes(sizeof(T), '\0');
  put_big(bytes.data(), value);
  return bytes;
}

/// `bytes` has exactly sizeof(T) of them.
template <class T>
T from_big_endian(std::string_view bytes) {
  T value = 0;
  for (const char c : bytes) value = static_cast<T>(value << 8 | static_cast<std::uint8_t>(c));
  return value;
}

/// `bytes` has exactly 16 of them.
inline Uuid uuid_of(std::string_view bytes) {
  Uuid id;
  bytes.copy(reinterpret_cast<char*>(id.bytes.data()), id.bytes.size());
  return id;
}

}  // namespace tallygate::store
