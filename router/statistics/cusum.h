#pragma once
// Early warning: notices that a rate has risen late, after a long healthy run that makes the
// cumulative guardrail slow. Reference experiments.md 4.7. A value that its caller carries from
// look to look; about 1/alpha looks pass before a false alarm. Pure.

#include <array>
#include <cstdint>

namespace tallygate::router {

inline constexpr double kWarningAlpha = 1e-9;

class EarlyWarning {
 public:
  /// Fold the events among the trials since the last update. `healthy_rate` is what is allowed;
  /// trials of 0 change nothing.
  void update(double events, double trials, double healthy_rate);
  /// The same from running totals. A total that fell (a recount) starts the difference anew.
  void update_totals(std::uint64_t events, std::uint64_t trials, double healthy_rate);

  /// ln of the mean statistic over a doubled and a fivefold rate; −infinity before any update.
  double log_statistic() const;
  bool alarms(double alpha = kWarningAlpha) const;

 private:
  static constexpr std::array kRises{2.0, 5.0};
  std::array<double, kRises.size()> logs_{};
  bool started_ = false;
  std::uint64_t events_ = 0;
  std::uint64_t trials_ = 0;
};

/// One step of one e-CUSUM: ln max(1, M) plus the flush's logarithm. `risen_rate` in
/// (healthy_rate, 1).
double after_flush(double log_before, double events, double trials, double healthy_rate,
                   double risen_rate);

}  // namespace tallygate::router
