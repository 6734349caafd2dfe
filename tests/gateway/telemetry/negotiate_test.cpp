#include "gateway/telemetry/negotiate.h"

#include <gtest/gtest.h>

namespace tallygate::telemetry {
namespace {

constexpr const char* kText004 = "text/plain; version=0.0.4; charset=utf-8";
constexpr const char* kOpen001 = "application/openmetrics-text; version=0.0.1; charset=utf-8";
constexpr const char* kOpen100 =
    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";

void check(std::string_view accept, Format format, std::string_view content_type) {
  const Negotiated answer = negotiate(accept);
  EXPECT_EQ(answer.format, format) << accept;
  EXPECT_EQ(answer.content_type, content_type) << accept;
}

TEST(Negotiate, FallsBackToText) {
  for (const auto* accept : {"", "application/json", "image/*", "*/*", "text/*", "text/plain", ",,",
                             "text/plain; version=9", ";;;", "application/openmetrics-text;q=0",
                             "application/openmetrics-text; version=2.0.0", "=;=,=;q="}) {
    check(accept, Format::text_0_0_4, kText004);
  }
}

TEST(Negotiate, TakesTheHighestQ) {
  check("text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.8",
        Format::openmetrics_1_0_0, kOpen100);
  check("text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.8",
        Format::text_0_0_4, kText004);
  check("application/json,application/openmetrics-text;version=0.0.1;q=0.001",
        Format::openmetrics_0_0_1, kOpen001);
  check("application/openmetrics-text;q=0,text/plain;q=0.1", Format::text_0_0_4, kText004);
}

TEST(Negotiate, TakesTheFirstAmongEquals) {
  check("application/openmetrics-text;version=0.0.1,application/openmetrics-text;version=1.0.0",
        Format::openmetrics_0_0_1, kOpen001);
  check("text/plain,application/openmetrics-text", Format::text_0_0_4, kText004);
}

TEST(Negotiate, ServesWhatPrometheusSends) {
  check(
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
      "application/openmetrics-text;version=0.0.1;q=0.4,"
      "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,"
      "*/*;q=0.1",
      Format::openmetrics_1_0_0,
      "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8");
  check("application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        Format::openmetrics_0_0_1, kOpen001);
}

TEST(Negotiate, NamesTheEscapingOfVersionOne) {
  const std::string_view head = "text/plain; version=1.0.0; charset=utf-8; escaping=";
  const auto with = [&](std::string_view scheme) { return std::string(head).append(scheme); };
  check("text/plain;version=1.0.0", Format::text_1_0_0, with("underscores"));
  check("text/plain;version=1.0.0;escaping=allow-utf8", Format::text_1_0_0, with("allow-utf-8"));
  check("text/plain;version=1.0.0;escaping=dots", Format::text_1_0_0, with("dots"));
  check("text/plain;version=1.0.0;escaping=values", Format::text_1_0_0, with("values"));
  check("text/plain;version=1.0.0;escaping=no-such", Format::text_1_0_0, with("underscores"));
}

TEST(Negotiate, ReadsCaseSpaceAndQuotesAsHttpDoes) {
  check(" Application/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=1.000 ", Format::openmetrics_1_0_0,
        kOpen100);
}

TEST(Negotiate, IgnoresARangeWithAMalformedQ) {
  for (const auto* q : {"2", "1.1", "0.1234", "-1", "x", "0,5", ".5", "1x"}) {
    check("application/openmetrics-text;version=1.0.0;q=" + std::string(q), Format::text_0_0_4,
          kText004);
  }
}

}  // namespace
}  // namespace tallygate::telemetry
