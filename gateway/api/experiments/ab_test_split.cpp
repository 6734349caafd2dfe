#include "gateway/api/experiments/ab_test_split.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <string>

#include "config/yaml/scalars.h"

namespace tallygate::api {
namespace {

using registry::Arm;

Error wrong(std::span<const Arm> arms, std::string_view param) {
  std::string example;
  for (const Arm& arm : arms) example.append(example.empty() ? "" : ", ").append(arm.name);
  return make_error(Errc::invalid_parameter,
                    "A split has one share from 0 to 1 for each variant, by name: " + example + ".",
                    std::string(param));
}

std::optional<std::size_t> place_of(std::span<const Arm> arms, std::string_view name) {
  const auto arm =
      std::find_if(arms.begin(), arms.end(), [&](const Arm& each) { return each.name == name; });
  if (arm == arms.end()) return std::nullopt;
  return static_cast<std::size_t>(arm - arms.begin());
}

}  // namespace

Result<std::vector<double>> split_of(const boost::json::value& json, std::span<const Arm> arms,
                                     std::string_view param) {
  if (!json.is_object() || json.get_object().size() != arms.size()) return wrong(arms, param);
  std::vector<double> weights(arms.size());
  for (const auto& [name, share] : json.get_object()) {
    const auto place = place_of(arms, std::string_view(name.data(), name.size()));
    if (!place || !share.is_number()) return wrong(arms, param);
    weights[*place] = share.to_number<double>();
  }
  return weights;
}

Result<std::vector<double>> parse_split(std::string_view text, std::span<const Arm> arms) {
  std::vector<std::optional<double>> shares(arms.size());
  std::size_t next = 0;
  for (bool more = true; more;) {
    const std::string_view part = text.substr(0, text.find(','));
    more = part.size() < text.size();
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const std::size_t colon = part.find(':');
    const bool is_named = colon != std::string_view::npos;
    const auto place = is_named ? place_of(arms, part.substr(0, colon)) : next++;
    const auto share = config::yaml::parse_number(is_named ? part.substr(colon + 1) : part);
    if (!place || *place >= shares.size() || !share || shares[*place]) return wrong(arms, "split");
    shares[*place] = share;
  }
  if (shares.size() == 2 && shares[0] && !shares[1]) shares[1] = 1 - *shares[0];
  std::vector<double> weights;
  for (const auto& share : shares) {
    if (!share) return wrong(arms, "split");
    weights.push_back(*share);
  }
  return weights;
}

}  // namespace tallygate::api
