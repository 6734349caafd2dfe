#pragma once
// Which text format a scraper gets. Pure.

#include <cstdint>
#include <string>
#include <string_view>

namespace tallygate::telemetry {

enum class Format : std::uint8_t { text_0_0_4, text_1_0_0, openmetrics_0_0_1, openmetrics_1_0_0 };

struct Negotiated {
  Format format = Format::text_0_0_4;
  std::string content_type;  ///< always names a version; 1.0.0 formats name their escaping
};

/// The supported type with the highest q of an Accept header, the first among equals. Nothing that
/// is supported, or nothing at all, is text 0.0.4.
Negotiated negotiate(std::string_view accept);

}  // namespace tallygate::telemetry
