#include "gateway/registry/predictions/prediction_confusion.h"

#include <set>

namespace tallygate::registry {
namespace {

std::set<std::string_view> labels_of(const Confusion& confusion) {
  std::set<std::string_view> labels;
  for (const auto& [pair, number] : confusion.cells) {
    labels.insert(pair.first);
    labels.insert(pair.second);
  }
  return labels;
}

/// One label against all others.
struct Table {
  std::uint64_t true_positive = 0;
  std::uint64_t false_positive = 0;
  std::uint64_t false_negative = 0;
  std::uint64_t true_negative = 0;
};

Table table_of(const Confusion& confusion, std::string_view label) {
  Table table;
  for (const auto& [pair, number] : confusion.cells) {
    const bool predicted = pair.first == label;
    const bool actual = pair.second == label;
    if (predicted && actual) table.true_positive += number;
    if (predicted && !actual) table.false_positive += number;
    if (!predicted && actual) table.false_negative += number;
    if (!predicted && !actual) table.true_negative += number;
  }
  return table;
}

std::optional<double> share(std::uint64_t part, std::uint64_t rest) {
  if (part + rest == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(part + rest);
}

/// Precision, recall, F1, false positive rate, false negative rate.
std::array<std::optional<double>, 5> rates_of(const Table& table) {
  return {share(table.true_positive, table.false_positive),
          share(table.true_positive, table.false_negative),
          share(2 * table.true_positive, table.false_positive + table.false_negative),
          share(table.false_positive, table.true_negative),
          share(table.false_negative, table.true_positive)};
}

std::array<std::optional<double>, 5> macro_average(const Confusion& confusion,
                                                   const std::set<std::string_view>& labels) {
  std::array<double, 5> sums{};
  std::array<double, 5> known{};
  for (const std::string_view label : labels) {
    const auto rates = rates_of(table_of(confusion, label));
    for (std::size_t i = 0; i < rates.size(); ++i) {
      if (!rates[i]) continue;
      sums[i] += *rates[i];
      known[i] += 1;
    }
  }
  std::array<std::optional<double>, 5> means;
  for (std::size_t i = 0; i < means.size(); ++i) {
    if (known[i] > 0) means[i] = sums[i] / known[i];
  }
  return means;
}

std::uint64_t hits_of(const Confusion& confusion) {
  std::uint64_t hits = 0;
  for (const auto& [pair, number] : confusion.cells) {
    if (pair.first == pair.second) hits += number;
  }
  return hits;
}

}  // namespace

std::uint64_t Confusion::total() const {
  std::uint64_t sum = 0;
  for (const auto& [pair, number] : cells) sum += number;
  return sum;
}

Result<void> count(Confusion& confusion, const std::string& predicted, const std::string& actual) {
  std::set<std::string_view> labels = labels_of(confusion);
  labels.insert(predicted);
  labels.insert(actual);
  if (labels.size() > kMaxLabels) {
    return make_error(Errc::rule_broken, "A version has at most " + std::to_string(kMaxLabels) +
                                             " distinct labels in one day, week and month: group "
                                             "the rare ones under one label.");
  }
  ++confusion.cells[{predicted, actual}];
  return {};
}

Result<void> uncount(Confusion& confusion, const std::string& predicted,
                     const std::string& actual) {
  const auto cell = confusion.cells.find({predicted, actual});
  if (cell == confusion.cells.end()) {
    return make_error(Errc::storage_corrupt,
                      "A prediction is stored with an outcome that its version's counts lack.");
  }
  if (--cell->second == 0) confusion.cells.erase(cell);
  return {};
}

std::array<Score, 6> scores_of(const Confusion& confusion) {
  const std::set<std::string_view> labels = labels_of(confusion);
  bool is_binary = true;
  for (const std::string_view label : labels) {
    is_binary = is_binary && (label == "true" || label == "false");
  }
  const auto rates =
      is_binary ? rates_of(table_of(confusion, "true")) : macro_average(confusion, labels);
  const std::uint64_t hits = hits_of(confusion);
  return {Score{"accuracy", share(hits, confusion.total() - hits)},
          Score{"precision", rates[0]},
          Score{"recall", rates[1]},
          Score{"f1_score", rates[2]},
          Score{"false_positive_rate", rates[3]},
          Score{"false_negative_rate", rates[4]}};
}

}  // namespace tallygate::registry
