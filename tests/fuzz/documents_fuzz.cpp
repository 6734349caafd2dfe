// First line: a kind of document; the rest: its body. It is refused as corrupt, or it is read and
// its own body reads as the same.

#include <array>
#include <boost/json/parse.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "gateway/registry/client_key.h"
#include "gateway/registry/experiments/ab_test.h"
#include "gateway/registry/metrics/alert_rule.h"
#include "gateway/registry/metrics/custom_metric.h"
#include "gateway/registry/metrics/metric_document.h"
#include "gateway/registry/model_version.h"
#include "gateway/registry/predictions/prediction_counts.h"
#include "gateway/registry/predictions/prediction_document.h"
#include "tests/fuzz/same_json.h"

using namespace tallygate;
using store::Document;

namespace {

std::string to_body(const registry::CustomMetric& metric) {
  return registry::write_of(metric).body.value();
}

void expect_corrupt(const Error& error) {
  TG_ASSERT(error.code == Errc::storage_corrupt && !error.message.empty());
}

template <auto read>
void round_trip(Document document) {
  const auto value = read(document);
  if (!value) return expect_corrupt(value.error());
  document.body = to_body(*value);
  const boost::json::value once = boost::json::parse(document.body);
  if (testing::has_huge_number(once)) return;
  const auto again = read(document);
  TG_ASSERT(again && testing::is_same(boost::json::parse(to_body(*again)), once));
}

/// Of those that are written together with others.
template <auto read>
void only_read(Document document) {
  const auto value = read(document);
  if (!value) expect_corrupt(value.error());
}

struct Kind {
  std::string_view name;
  void (*check)(Document);
};
constexpr std::array kKinds{
    Kind{registry::kModelVersionKind, round_trip<registry::model_version_of>},
    Kind{registry::kAbTestKind, round_trip<registry::ab_test_of>},
    Kind{registry::kClientKeyKind, round_trip<registry::client_key_of>},
    Kind{registry::kMetricKind, round_trip<registry::metric_of>},
    Kind{registry::kAlertKind, round_trip<registry::alert_of>},
    Kind{registry::kPredictionKind, round_trip<registry::subject_of>},
    Kind{registry::kCustomMetricKind, round_trip<registry::custom_metric_of>},
    Kind{registry::kPredictionCountsKind, only_read<registry::prediction_counts_of>},
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t line = bytes.find('\n');
  if (line == std::string_view::npos) return 0;
  Document document{.kind = std::string(bytes.substr(0, line)),
                    .id = "019aa4a5-3c30-7000-8000-0000000000ff",
                    .revision = 1,
                    .body = std::string(bytes.substr(line + 1))};
  for (const Kind& kind : kKinds) {
    if (kind.name == document.kind) kind.check(document);
  }
  registry::body_without_secrets(document.body);
  return 0;
}
