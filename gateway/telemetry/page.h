#pragma once
// Writes one exposition: families in order, samples under them, never interleaved. Knows where
// Prometheus text and OpenMetrics differ, and nothing of what is measured.

#include <array>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/telemetry/histogram.h"
#include "gateway/telemetry/negotiate.h"

namespace tallygate::telemetry {

enum class Kind : std::uint8_t { counter, gauge, histogram, info };

/// Labels as the text between the braces, built in the order of the calls. Empty values are left
/// out, which means the same. Values are escaped; bytes that are not UTF-8 become '?'.
class LabelText {
 public:
  LabelText& add(std::string_view name, std::string_view value);
  LabelText& add(std::string_view name, std::uint64_t value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class Page {
 public:
  explicit Page(Format format);

  /// Opens a family. `name` has its unit suffix but never _total or _info; `unit` is empty or that
  /// suffix.
  void family(std::string_view name, Kind kind, std::string_view unit, std::string_view help);
  /// A sample of the open counter, gauge or info.
  template <std::integral T>
  void sample(std::string_view labels, T value) {
    write_sample(labels, std::to_string(value));
  }
  void sample(std::string_view labels, double value);

  template <class Bounds>
  void histogram(std::string_view labels, const HistogramTotals<Bounds>& totals) {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < Bounds::kBounds.size(); ++i) {
      count += totals.counts[i];
      write_bucket(labels, Bounds::kBounds[i] / Bounds::kPerUnit, count);
    }
    write_histogram_end(labels, count + totals.counts.back(),
                        static_cast<double>(totals.sum) / Bounds::kPerUnit);
  }

  /// The whole text; the page is empty afterwards.
  std::string finish();

 private:
  void write_sample(std::string_view labels, std::string_view value);
  void write_line(std::string_view suffix, std::string_view labels, std::string_view value);
  void write_bucket(std::string_view labels, double bound, std::uint64_t count);
  void write_histogram_end(std::string_view labels, std::uint64_t count, double sum);

  bool openmetrics_;
  Kind kind_ = Kind::gauge;
  std::string name_;
  std::string out_;
};

}  // namespace tallygate::telemetry
