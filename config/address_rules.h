#pragma once
// Which addresses the gate connects to on somebody's word. Asked when a URL is read, and again with
// the very address that is connected to, behind the look-up of the name, so that no answer of a
// name server can slip another one in (DNS rebinding). Pure.

#include <cstdint>
#include <span>
#include <string_view>

namespace tallygate::config {

/// Private: loopback, RFC 1918, shared (100.64/10), unique local and other ranges that are nobody's
/// on the internet. The operator's own file may name them; a document of the API has to say so.
enum class PrivateAddresses : bool { refused, allowed };

/// Why nothing may connect to `address`, in network order; empty = it may. Never allowed:
/// link-local addresses and those where clouds hand out credentials, unspecified, multicast and
/// broadcast ones. An IPv4 address inside an IPv6 one (mapped, compatible, NAT64, 6to4) is what
/// counts.
std::string_view refuse_address(std::span<const std::uint8_t, 4> address,
                                PrivateAddresses private_ones);
std::string_view refuse_address(std::span<const std::uint8_t, 16> address,
                                PrivateAddresses private_ones);

/// The same for the host of a URL before anybody looks it up: what can be told of a literal
/// address or of localhost. Another name is judged by its addresses when it is connected to.
std::string_view refuse_host(std::string_view host, PrivateAddresses private_ones);

}  // namespace tallygate::config
