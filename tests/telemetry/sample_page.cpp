// Prints a page with one of everything. Argument: text or openmetrics.
#include <cstdio>
#include <string_view>

#include "tests/support/sample_metrics.h"

int main(int argc, char** argv) {
  using namespace tallygate::telemetry;
  const bool openmetrics = argc > 1 && std::string_view(argv[1]) == "openmetrics";
  SampleMetrics sample;
  sample.record.route = sample.names.intern("quoted \"route\" \\ \n gr\xC3\xBC\xC3\x9F");
  sample.count_everything();
  sample.record.outcome = tallygate::router::Outcome::upstream_error;
  sample.record.error = tallygate::Errc::upstream_timeout;
  sample.worker.count_inference(sample.inference);
  const std::string page =
      sample.render(openmetrics ? Format::openmetrics_1_0_0 : Format::text_0_0_4);
  return std::fwrite(page.data(), 1, page.size(), stdout) == page.size() ? 0 : 1;
}
