#include "gateway/registry/metrics/custom_metric.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "base/hash.h"
#include "store/catalog/stored_json.h"

namespace tallygate::registry {
namespace {

namespace json = boost::json;
using store::count_of;
using store::finite_number;
using store::number_of;
using store::read_stored;
using store::text_of;
using Sums = CustomMetric::Sums;

constexpr std::uint64_t kGroupSalt = 0xC2B2AE3D27D4EB4F;
constexpr std::size_t kMaxNameBytes = 64;

Sums& sums_of(CustomMetric& metric, std::uint32_t epoch, std::uint8_t arm) {
  for (Sums& sums : metric.sums) {
    if (sums.epoch == epoch && sums.arm == arm) return sums;
  }
  Sums fresh{epoch, arm, {}};
  fresh.evidence.groups.resize(kMetricGroups);
  fresh.evidence.square_sum = 0;
  const auto place =
      std::upper_bound(metric.sums.begin(), metric.sums.end(), fresh,
                       [](const Sums& a, const Sums& b) { return a.epoch < b.epoch; });
  return *metric.sums.insert(place, std::move(fresh));
}

void forget_old_epochs(CustomMetric& metric) {
  std::set<std::uint32_t> epochs;
  for (const Sums& sums : metric.sums) epochs.insert(sums.epoch);
  if (epochs.size() <= kMaxMetricEpochs) return;
  std::erase_if(metric.sums, [&](const Sums& sums) { return sums.epoch == *epochs.begin(); });
}

Sums read_sums(const json::object& from) {
  Sums sums{static_cast<std::uint32_t>(count_of(from, "epoch")),
            static_cast<std::uint8_t>(count_of(from, "arm")),
            {}};
  sums.evidence.square_sum = number_of(from, "square_sum");
  const json::array& counts = from.at("counts").as_array();
  const json::array& values = from.at("sums").as_array();
  if (counts.size() != kMetricGroups || values.size() != kMetricGroups) {
    throw std::runtime_error("not the sums of 64 groups");
  }
  for (std::size_t i = 0; i < kMetricGroups; ++i) {
    sums.evidence.groups.push_back({finite_number(counts[i]), finite_number(values[i])});
  }
  return sums;
}

}  // namespace

bool Sums::operator==(const Sums& other) const {
  const auto equal = [](const router::SubBucket& a, const router::SubBucket& b) {
    return a.count == b.count && a.sum == b.sum;
  };
  const auto& a = evidence.groups;
  const auto& b = other.evidence.groups;
  return epoch == other.epoch && arm == other.arm &&
         evidence.square_sum == other.evidence.square_sum &&
         std::equal(a.begin(), a.end(), b.begin(), b.end(), equal);
}

bool is_custom_metric_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  for (const std::string_view taken : {router::kErrorRate, router::kLatency, router::kFirstToken,
                                       router::kCost, router::kTokens, router::kExceeded}) {
    if (name == taken) return false;
  }
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), fits);
}

void add_value(CustomMetric& metric, std::uint32_t epoch, std::uint8_t arm, std::uint64_t unit_hash,
               double value) {
  const std::string_view bytes(reinterpret_cast<const char*>(&unit_hash), sizeof unit_hash);
  Sums& sums = sums_of(metric, epoch, arm);
  router::SubBucket& group =
      sums.evidence.groups[hash64(bytes, hash64(metric.test.view()) ^ kGroupSalt) % kMetricGroups];
  ++group.count;
  group.sum += value;
  *sums.evidence.square_sum += value * value;
  forget_old_epochs(metric);
}

std::string custom_metric_id(const Uuid& test, std::string_view name) {
  return to_string(test).append("/").append(name);
}

store::DocumentWrite write_of(const CustomMetric& metric) {
  json::array all;
  for (const Sums& sums : metric.sums) {
    json::array counts, values;
    for (const router::SubBucket& group : sums.evidence.groups) {
      counts.push_back(static_cast<std::uint64_t>(group.count));
      values.push_back(group.sum);
    }
    all.push_back({{"epoch", sums.epoch},
                   {"arm", sums.arm},
                   {"square_sum", sums.evidence.square_sum.value_or(0)},
                   {"counts", std::move(counts)},
                   {"sums", std::move(values)}});
  }
  store::DocumentWrite write;
  write.kind = kCustomMetricKind;
  write.id = custom_metric_id(metric.test, metric.name);
  write.body = json::serialize(json::object{
      {"test", to_string(metric.test)}, {"name", metric.name}, {"sums", std::move(all)}});
  write.index_keys = {"test=" + to_string(metric.test)};
  write.expected_revision = metric.revision;
  return write;
}

Result<CustomMetric> custom_metric_of(const store::Document& document) {
  auto metric = read_stored<CustomMetric>(document, [](const json::object& body) {
    CustomMetric read;
    read.test = parse_uuid(text_of(body, "test")).value();
    read.name = text_of(body, "name");
    for (const json::value& sums : body.at("sums").as_array()) {
      read.sums.push_back(read_sums(sums.as_object()));
    }
    return read;
  });
  if (metric) metric->revision = document.revision;
  return metric;
}

Result<std::vector<CustomMetric>> custom_metrics(const store::Catalog& catalog, const Uuid& test) {
  store::DocumentQuery query;
  query.kind = kCustomMetricKind;
  query.index_keys = {"test=" + to_string(test)};
  query.limit = kMaxCustomMetrics;
  query.newest_first = false;
  const auto page = catalog.list(query);
  if (!page) return page.error();
  std::vector<CustomMetric> metrics;
  for (const store::Document& document : page->documents) {
    auto metric = custom_metric_of(document);
    if (!metric) return metric.error();
    metrics.push_back(std::move(*metric));
  }
  return metrics;
}

}  // namespace tallygate::registry
