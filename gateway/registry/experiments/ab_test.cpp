#include "gateway/registry/experiments/ab_test.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <stdexcept>

#include "gateway/registry/experiments/criteria_json.h"
#include "gateway/registry/experiments/slot_table_text.h"
#include "router/experiment/lifecycle.h"
#include "store/catalog/stored_json.h"

namespace tallygate::registry {
namespace {

namespace json = boost::json;
using store::count_of;
using store::finite_number;
using store::number_of;
using store::read_stored;
using store::text_of;
using store::time_of;

constexpr double kSameWeight = 1e-9;

json::value time_value(const std::optional<WallTime>& time) {
  return time ? json::value(micros_since_epoch(*time)) : json::value(nullptr);
}

json::value score_value(const std::optional<double>& score) {
  return score ? json::value(*score) : json::value(nullptr);
}

json::array arms_value(const std::vector<Arm>& arms) {
  json::array out;
  for (const Arm& arm : arms) {
    out.push_back({{"name", arm.name},
                   {"version", arm.version},
                   {"weight", arm.weight},
                   {"version_id", arm.version_id}});
  }
  return out;
}

json::array epochs_value(const std::vector<Epoch>& epochs) {
  json::array out;
  for (const Epoch& epoch : epochs) {
    out.push_back({{"number", epoch.number},
                   {"since", micros_since_epoch(epoch.since)},
                   {"weights", json::array(epoch.weights.begin(), epoch.weights.end())}});
  }
  return out;
}

std::optional<WallTime> time_in(const json::object& body, std::string_view key) {
  if (body.at(key).is_null()) return std::nullopt;
  return time_of(body, key);
}

std::optional<double> score_in(const json::object& body, std::string_view key) {
  if (body.at(key).is_null()) return std::nullopt;
  return number_of(body, key);
}

std::shared_ptr<const router::SlotTable> table_in(const json::object& body, std::string_view key) {
  if (body.at(key).is_null()) return nullptr;
  const auto table = parse_slot_table(text_of(body, key));
  if (!table) throw std::runtime_error(std::string(key) + " is not a slot table");
  return std::make_shared<const router::SlotTable>(*table);
}

void read_parts(const json::object& body, AbTest& test) {
  for (const json::value& arm : body.at("arms").as_array()) {
    const json::object& from = arm.as_object();
    test.arms.push_back({text_of(from, "name"), text_of(from, "version"), number_of(from, "weight"),
                         text_of(from, "version_id")});
  }
  for (const json::value& epoch : body.at("epochs").as_array()) {
    const json::object& from = epoch.as_object();
    test.epochs.push_back(
        {static_cast<std::uint32_t>(count_of(from, "number")), time_of(from, "since"), {}});
    for (const json::value& weight : from.at("weights").as_array()) {
      test.epochs.back().weights.push_back(finite_number(weight));
    }
  }
  const auto criteria = criteria_of(body.at("criteria").as_object());
  if (!criteria) throw std::runtime_error(criteria.error().message);
  test.criteria = *criteria;
  if (const json::value& mirror = body.at("mirror"); !mirror.is_null()) {
    test.mirror = {text_of(mirror.as_object(), "version"), number_of(mirror.as_object(), "share")};
  }
}

AbTest read_body(const json::object& body) {
  AbTest test;
  test.name = text_of(body, "name");
  test.description = text_of(body, "description");
  test.model_type = text_of(body, "model_type");
  const auto status = router::parse_status(text_of(body, "status"));
  if (!status) throw std::runtime_error("status is none of the known ones");
  test.status = *status;
  test.start_date = time_in(body, "start_date");
  test.scheduled = body.at("scheduled").as_bool();
  test.end_date = time_in(body, "end_date");
  test.origin = text_of(body, "origin") == "config" ? Origin::config : Origin::api;
  test.started = time_in(body, "started");
  test.ended = time_in(body, "ended");
  test.winner = text_of(body, "winner");
  test.promoted = body.at("promoted").as_bool();
  test.gave_way = body.at("gave_way").as_bool();
  test.end_reason = text_of(body, "end_reason");
  test.score_a = score_in(body, "score_a");
  test.score_b = score_in(body, "score_b");
  test.stage = count_of(body, "stage");
  test.coverage = number_of(body, "coverage");
  test.table = table_in(body, "table");
  test.home = table_in(body, "home");
  read_parts(body, test);
  return test;
}

json::value table_value(const std::shared_ptr<const router::SlotTable>& table) {
  return table ? json::value(slot_table_text(*table)) : json::value(nullptr);
}

}  // namespace

std::string record_name(const AbTest& test) {
  return test.origin == Origin::config ? test.name : to_string(test.id);
}

bool same_arms(const std::vector<Arm>& a, const std::vector<Arm>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Arm& x, const Arm& y) {
    return x.name == y.name && x.version == y.version && x.version_id == y.version_id &&
           std::abs(x.weight - y.weight) < kSameWeight;
  });
}

std::optional<std::size_t> arm_number(const AbTest& test, std::string_view name) {
  for (std::size_t i = 0; i < test.arms.size(); ++i) {
    if (test.arms[i].name == name) return i;
  }
  return std::nullopt;
}

std::vector<double> weights_of(const AbTest& test) {
  std::vector<double> weights;
  for (const Arm& arm : test.arms) weights.push_back(arm.weight);
  return weights;
}

std::string to_body(const AbTest& test) {
  json::object body;
  body["name"] = test.name;
  body["description"] = test.description;
  body["model_type"] = test.model_type;
  body["arms"] = arms_value(test.arms);
  body["status"] = router::to_string(test.status);
  body["start_date"] = time_value(test.start_date);
  body["scheduled"] = test.scheduled;
  body["end_date"] = time_value(test.end_date);
  body["criteria"] = criteria_json(test.criteria);
  body["mirror"] = nullptr;
  if (test.mirror) {
    body["mirror"] = {{"version", test.mirror->version}, {"share", test.mirror->share}};
  }
  body["origin"] = test.origin == Origin::config ? "config" : "api";
  body["started"] = time_value(test.started);
  body["ended"] = time_value(test.ended);
  body["winner"] = test.winner;
  body["promoted"] = test.promoted;
  body["gave_way"] = test.gave_way;
  body["end_reason"] = test.end_reason;
  body["score_a"] = score_value(test.score_a);
  body["score_b"] = score_value(test.score_b);
  body["stage"] = test.stage;
  body["coverage"] = test.coverage;
  body["epochs"] = epochs_value(test.epochs);
  body["table"] = table_value(test.table);
  body["home"] = table_value(test.home);
  return json::serialize(body);
}

Result<AbTest> ab_test_of(const store::Document& document) {
  auto test = read_stored<AbTest>(document, read_body);
  if (!test) return test;
  const auto id = parse_uuid(document.id);
  if (!id) return make_error(Errc::storage_corrupt, "An A/B test is stored under " + document.id);
  test->id = *id;
  test->revision = document.revision;
  test->created = document.created;
  test->updated = document.updated;
  return test;
}

}  // namespace tallygate::registry
