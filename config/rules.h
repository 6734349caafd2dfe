#pragma once
// What single texts of the configuration must look like. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace tallygate::config {

/// 1 to 256 bytes without white space, control characters and `@`, which separates a version. Such
/// names go into headers, labels and logs as they are.
bool is_name(std::string_view text);

/// is_name(), and neither `auto` nor `auto:...`, which clients use to ask for the best model.
bool is_route_name(std::string_view text);

/// Lower-case letters, digits, `-` and `_`, a letter first, at most 32 bytes: so `a`, the control,
/// sorts before all others.
bool is_variant_name(std::string_view text);

/// MAJOR.MINOR.PATCH with optional -pre.release and +build (semver.org 2.0.0).
bool is_semver(std::string_view text);

/// Five fields (minute hour day month weekday), each `*`, a number, a range, a list, or `/step`.
bool is_cron(std::string_view text);

/// A literal IPv4 or IPv6 address, without brackets.
bool is_ip_address(std::string_view text);

/// 127.0.0.0/8, ::1, or the former written as IPv4-mapped IPv6. False for what is no address.
bool is_loopback(std::string_view address);

/// A host name or address as it stands in a Host header, with or without a port.
bool is_host(std::string_view text);

/// "env:NAME" or "file:/absolute/path", whose parts are not empty, `.` or `..`.
bool is_secret_reference(std::string_view text);

/// The same, where a `*` may end the name or the path.
bool is_secret_pattern(std::string_view text);

/// Whether `reference` is what `pattern` says. `*` stands for any rest without `/`.
bool matches_secret_pattern(std::string_view pattern, std::string_view reference);

}  // namespace tallygate::config
