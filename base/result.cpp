#include "base/result.h"

#include <stdexcept>

namespace tallygate {

void throw_exception_from_error(const Error& error, const boost::source_location& at) {
  throw std::logic_error("unchecked failure at " + at.to_string() + ": " + error.message);
}

}  // namespace tallygate
