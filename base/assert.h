#pragma once
// TG_ASSERT is on in every build. It guards our own invariants only: what peers, disks or
// configuration files can cause is an Error, never an assertion.

namespace tallygate {

[[noreturn]] void fail_assertion(const char* expression, const char* file, int line);

}  // namespace tallygate

#define TG_ASSERT(expression)          \
  ((expression) ? static_cast<void>(0) \
                : ::tallygate::fail_assertion(#expression, __FILE__, __LINE__))
