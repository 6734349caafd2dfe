#pragma once
// Shadow traffic: a copy of a request goes to another version once its client has been answered,
// and its answer nowhere; the record names the request it copies, so that both can be compared on
// the same prompt. It can neither slow nor fail a client: it has one attempt on a healthy target,
// leaves health and retry budget alone, and is left out when too many are under way. One worker's
// thread only.

#include <optional>
#include <string>

#include "gateway/exchange/exchange.h"

namespace tallygate {

/// A request kept for a version it was not assigned to. Holds its part of the budget.
class MirrorCopy {
 public:
  MirrorCopy(Worker& worker, const Exchange& original);
  MirrorCopy(MirrorCopy&& other) noexcept;
  MirrorCopy& operator=(MirrorCopy&&) = delete;
  ~MirrorCopy();

  Worker* worker;
  const Endpoint* endpoint;
  Uuid original;
  std::string model;  ///< "route@version"
  std::string head;   ///< as the client sent it
  std::string body;   ///< padded for simdjson
  std::size_t body_bytes;
};

/// The copy that the plan of `x` asks for, if it does and there is room. Before run_plan().
std::optional<MirrorCopy> copy_for_mirror(const Exchange& x);

/// Sends it; the record is the only trace.
void start_mirror(MirrorCopy copy);

}  // namespace tallygate
