#pragma once
// Result<T>: a T or an Error. Failures that are expected travel as values.

#include <boost/system/result.hpp>
#include <string>
#include <utility>

#include "base/error.h"

namespace tallygate {

template <class T>
using Result = boost::system::result<T, Error>;

/// Found by boost::system::result when `.value()` is called on a failure: a bug, so it throws.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& at);

inline Error make_error(Errc code, std::string message, std::string param = {}) {
  return Error{code, std::move(message), std::move(param)};
}

}  // namespace tallygate
