#pragma once
// Members of a stored body, which this gate wrote: absent or of another type means corrupt. They
// throw, for the one catch in `read_stored`.

#include <boost/json.hpp>
#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "store/catalog/catalog.h"

namespace tallygate::store {

inline std::string text_of(const boost::json::object& body, std::string_view key) {
  return std::string(body.at(key).as_string());
}
/// Boost.JSON reads 1e999 as infinite and writes what it cannot read.
inline double finite_number(const boost::json::value& value) {
  const auto number = value.to_number<double>();
  if (!std::isfinite(number)) throw std::runtime_error("a number is not finite");
  return number;
}
inline double number_of(const boost::json::object& body, std::string_view key) {
  return finite_number(body.at(key));
}
inline std::uint64_t count_of(const boost::json::object& body, std::string_view key) {
  return body.at(key).to_number<std::uint64_t>();
}
/// Of members that bodies of earlier versions do not have.
inline bool flag_of(const boost::json::object& body, std::string_view key) {
  const boost::json::value* flag = body.if_contains(key);
  return flag != nullptr && flag->as_bool();
}
inline WallTime time_of(const boost::json::object& body, std::string_view key) {
  return WallTime(std::chrono::microseconds(body.at(key).to_number<std::int64_t>()));
}

/// `read` makes a T of the body. Errors: storage_corrupt, naming the document.
template <class T, class Read>
Result<T> read_stored(const Document& document, Read read) {
  try {
    return read(boost::json::parse(document.body).as_object());
  } catch (const std::exception& failed) {
    return make_error(Errc::storage_corrupt, "The stored " + document.kind + " " + document.id +
                                                 " cannot be read: " + failed.what());
  }
}

}  // namespace tallygate::store
