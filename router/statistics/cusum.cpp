#include "router/statistics/cusum.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tallygate::router {

double after_flush(double log_before, double events, double trials, double healthy_rate,
                   double risen_rate) {
  const double lambda = (risen_rate / healthy_rate - 1) / (1 - healthy_rate);
  return std::max(0.0, log_before) + events * std::log1p(lambda * (1 - healthy_rate)) +
         (trials - events) * std::log1p(-lambda * healthy_rate);
}

void EarlyWarning::update(double events, double trials, double healthy_rate) {
  if (!(trials > 0)) return;
  const double healthy = std::clamp(healthy_rate, 1e-12, 1 - 1e-12);
  const double happened = std::clamp(events, 0.0, trials);
  started_ = true;
  for (std::size_t i = 0; i < kRises.size(); ++i) {
    const double risen = std::min(kRises[i] * healthy, (1 + healthy) / 2);  // stays below 1
    logs_[i] = after_flush(logs_[i], happened, trials, healthy, risen);
  }
}

void EarlyWarning::update_totals(std::uint64_t events, std::uint64_t trials, double healthy_rate) {
  if (trials >= trials_ && events >= events_) {
    update(static_cast<double>(events - events_), static_cast<double>(trials - trials_),
           healthy_rate);
  }
  events_ = events;
  trials_ = trials;
}

double EarlyWarning::log_statistic() const {
  if (!started_) return -std::numeric_limits<double>::infinity();
  const double largest = *std::max_element(logs_.begin(), logs_.end());
  double sum = 0;
  for (const double value : logs_) sum += std::exp(value - largest);
  return largest + std::log(sum / static_cast<double>(logs_.size()));
}

bool EarlyWarning::alarms(double alpha) const { return log_statistic() >= -std::log(alpha); }

}  // namespace tallygate::router
