#include "gateway/registry/predictions/prediction_counts.h"

#include <fmt/format.h>

#include "store/catalog/stored_json.h"

namespace tallygate::registry {
namespace {

namespace json = boost::json;
using store::read_stored;
using store::text_of;
using store::time_of;

std::string body_of(const PredictionCounts& counts) {
  json::array cells;
  for (const auto& [pair, number] : counts.confusion.cells) {
    cells.push_back(json::array{pair.first, pair.second, number});
  }
  json::object ids;
  for (const auto& [type, id] : counts.metric_ids) ids[type] = id;
  return json::serialize(json::object{{"modelVersionId", counts.model_version_id},
                                      {"period", to_string(counts.period)},
                                      {"begin", micros_since_epoch(counts.begin)},
                                      {"cells", std::move(cells)},
                                      {"metricIds", std::move(ids)}});
}

Metric metric_for(const PredictionCounts& counts, const Score& score, WallTime now) {
  Metric metric;
  metric.model_version_id = counts.model_version_id;
  metric.type = score.metric;
  metric.value = *score.value;
  metric.dataset = Dataset::production;
  metric.period = counts.period;
  metric.notes = "computed from predictions and their outcomes";
  metric.recorded_at = counts.begin;
  metric.measured_at = now;
  metric.samples = counts.confusion.total();
  return metric;
}

}  // namespace

std::string counts_id(std::string_view model_version_id, Period period, WallTime begin) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(begin));
  return fmt::format("{}/{}/{:04}-{:02}-{:02}", model_version_id, to_string(period),
                     static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

std::map<std::string, PredictionCounts> counts_touched(const std::vector<CountChange>& changes) {
  std::map<std::string, PredictionCounts> touched;
  for (const CountChange& change : changes) {
    for (const Period period : kCalendarPeriods) {
      const WallTime begin = start_of(period, change.at);
      PredictionCounts counts;
      counts.model_version_id = change.model_version_id;
      counts.period = period;
      counts.begin = begin;
      touched.emplace(counts_id(change.model_version_id, period, begin), std::move(counts));
    }
  }
  return touched;
}

Result<void> apply_changes(const std::vector<CountChange>& changes,
                           std::map<std::string, PredictionCounts>& counts) {
  for (const CountChange& change : changes) {
    for (const Period period : kCalendarPeriods) {
      Confusion& confusion =
          counts.at(counts_id(change.model_version_id, period, start_of(period, change.at)))
              .confusion;
      const Result<void> counted = change.is_added
                                       ? count(confusion, change.predicted, change.actual)
                                       : uncount(confusion, change.predicted, change.actual);
      if (counted.has_error()) return counted.error();
    }
  }
  return {};
}

std::vector<store::DocumentWrite> writes_of(PredictionCounts& counts, WallTime now,
                                            const std::function<std::string()>& make_id) {
  std::vector<store::DocumentWrite> writes;
  for (const Score& score : scores_of(counts.confusion)) {
    const std::string type(score.metric);
    const auto known = counts.metric_ids.find(type);
    store::DocumentWrite write;
    write.kind = kMetricKind;
    if (score.value) {
      const Metric metric = metric_for(counts, score, now);
      if (known != counts.metric_ids.end()) {
        write.id = known->second;
      } else {
        write.id = make_id();
        write.expected_revision = 0;
      }
      write.body = to_body(metric);
      write.index_keys = index_keys_of(metric);
      counts.metric_ids[type] = write.id;
    } else if (known != counts.metric_ids.end()) {
      write.id = known->second;
      counts.metric_ids.erase(known);
    } else {
      continue;
    }
    writes.push_back(std::move(write));
  }
  store::DocumentWrite own;
  own.kind = kPredictionCountsKind;
  own.id = counts_id(counts.model_version_id, counts.period, counts.begin);
  own.body = body_of(counts);
  own.index_keys = {"modelVersionId=" + counts.model_version_id};
  own.expected_revision = counts.revision;
  writes.push_back(std::move(own));
  return writes;
}

Result<PredictionCounts> prediction_counts_of(const store::Document& document) {
  return read_stored<PredictionCounts>(document, [&](const json::object& body) {
    PredictionCounts counts;
    counts.model_version_id = text_of(body, "modelVersionId");
    counts.period = parse_period(text_of(body, "period")).value();
    counts.begin = time_of(body, "begin");
    for (const json::value& each : body.at("cells").as_array()) {
      const json::array& cell = each.as_array();
      counts.confusion
          .cells[{std::string(cell.at(0).as_string()), std::string(cell.at(1).as_string())}] =
          cell.at(2).to_number<std::uint64_t>();
    }
    for (const auto& [type, id] : body.at("metricIds").as_object()) {
      counts.metric_ids[std::string(type)] = id.as_string().c_str();
    }
    counts.revision = document.revision;
    return counts;
  });
}

}  // namespace tallygate::registry
