#pragma once
// A reserve of descriptors that clients and upstreams cannot use up: what is left is for the admin
// listener, the store's files and reloads.

#include <cerrno>

namespace tallygate::http {

/// The kernel gives the lowest free number: from here on, few are left. As it was when it was first
/// asked for.
int descriptor_ceiling();

/// `error`, an errno, says that this process or machine has no room for another socket: nobody
/// else's fault, and over soon.
constexpr bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace tallygate::http
