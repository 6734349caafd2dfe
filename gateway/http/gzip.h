#pragma once
// Content-Encoding: gzip (RFC 1952) for whole answers of the admin listener. Pure; zlib does the
// work.

#include <string>
#include <string_view>

namespace tallygate::http {

/// Smaller answers would gain less than their head costs.
inline constexpr std::size_t kMinGzipBytes = 1024;

/// Does this Accept-Encoding take gzip? By its own name or by `*`, unless its q is 0. Absent
/// (empty): no.
bool accepts_gzip(std::string_view accept_encoding);

/// `text` compressed; empty when zlib has no memory.
std::string gzip(std::string_view text);

}  // namespace tallygate::http
