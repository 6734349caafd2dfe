#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include "gateway/api/models/performance.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/json_text.h"
#include "gateway/api/shapes/query.h"
#include "router/selection/auto_pool.h"
#include "router/selection/performance.h"

namespace tallygate::api {
namespace {

using router::NameId;
using router::RankMetric;

struct Model {
  std::string name;  ///< route@version
  NameId route = 0;
  NameId version = 0;
};

/// By route and version: the targets that serve it, or did.
using TargetsOf = std::map<std::pair<NameId, NameId>, std::set<NameId>>;

TargetsOf targets_by_version(const store::TotalsSet& totals, const AdminContext& context) {
  TargetsOf targets;
  for (const auto& [key, sums] : totals.entries) {
    if (key.kind != router::TallyKey::Kind::performance || key.version == 0) continue;
    targets[{key.route, key.version}].insert(key.target);
  }
  for (const auto& [route, settings] : context.settings.routes) {
    for (const auto& [version, from] : settings.versions) {
      auto& known = targets[{context.names.find(route), context.names.find(version)}];
      for (const auto& target : from.targets) known.insert(context.names.find(target));
    }
  }
  return targets;
}

/// What the pools expect of a version, or of its route if it is the default.
router::Priors priors_of(const Model& model, const AdminContext& context) {
  const std::string route(context.names.text(model.route));
  const auto settings = context.settings.routes.find(route);
  const std::string version(context.names.text(model.version));
  const bool is_default = settings != context.settings.routes.end() &&
                          settings->second.versions.contains(version) &&
                          settings->second.versions.at(version).is_default;
  for (const auto& [name, pool] : context.settings.auto_pools) {
    auto priors = pool.priors.find(model.name);
    if (priors == pool.priors.end() && is_default) priors = pool.priors.find(route);
    if (priors != pool.priors.end()) return router::priors_of(priors->second);
  }
  return {};
}

/// Rows are in this order, and it is the cursor: a higher score first, then by name. Doubles that
/// are not negative order like their bits.
std::string order_of(double score, const std::string& name) {
  const auto bits = ~std::bit_cast<std::uint64_t>(score);
  std::string order;
  for (int shift = 56; shift >= 0; shift -= 8) order += static_cast<char>(bits >> shift & 0xFF);
  return order + name;
}

void add_figure(JsonText& json, std::string_view key, const router::Figure& figure) {
  json.open(key, '{');
  json.add_raw("score", number_text(figure.score, 6));
  json.add_raw("prior", number_text(figure.prior, 6));
  json.add_raw("measured", figure.measured ? number_text(*figure.measured, 6) : "null");
  json.add("samples", figure.samples);
  json.close('}');
}

void add_row(JsonText& json, std::uint64_t rank, const Model& model, RankMetric metric,
             const router::Assessment& assessment, const AdminContext& context) {
  json.open('{');
  json.add("rank", rank);
  json.add("model", model.name);
  json.add("route", context.names.text(model.route));
  json.add("version", context.names.text(model.version));
  json.add_raw("score", number_text(assessment.score(metric), 6));
  json.open("scores", '{');
  for (std::size_t i = 0; i < router::kRankMetricCount; ++i) {
    const auto each = static_cast<RankMetric>(i);
    json.add_raw(to_string(each), number_text(assessment.score(each), 6));
  }
  json.close('}');
  json.open("figures", '{');
  add_figure(json, "reliability", assessment.reliability);
  add_figure(json, "cost", assessment.cost);
  add_figure(json, "accuracy", assessment.accuracy);
  add_figure(json, "creativity", assessment.creativity);
  add_figure(json, "speed", assessment.speed);
  add_figure(json, "feedback", assessment.feedback);
  json.close('}');
  json.close('}');
}

struct Ranked {
  std::vector<Model> models;
  std::vector<router::Assessment> assessments;
};

Ranked rank_models(const AdminContext& context, std::optional<router::Conversation> conversation) {
  const store::TotalsSet totals = context.totals({.kind = router::TallyKey::Kind::performance});
  router::Performance measured;
  for (const auto& [key, sums] : totals.entries) {
    if (!conversation || key.conversation == *conversation) measured.add(key, sums);
  }
  Ranked ranked;
  std::vector<router::RankCandidate> candidates;
  for (const auto& [version, target_set] : targets_by_version(totals, context)) {
    Model model{{}, version.first, version.second};
    model.name.append(context.names.text(model.route)).append("@");
    model.name.append(context.names.text(model.version));
    const std::vector<NameId> targets(target_set.begin(), target_set.end());
    const auto evidence = measured.of(model.route, model.version, targets);
    // Who was never asked for this type may not be able to do it.
    if (conversation && evidence.totals.successes + evidence.failures() == 0) continue;
    candidates.push_back({evidence, priors_of(model, context)});
    ranked.models.push_back(std::move(model));
  }
  ranked.assessments = router::assess(candidates);
  return ranked;
}

AdminResponse render_rankings(const Ranked& ranked, RankMetric metric, const Paging& paging,
                              const AdminContext& context) {
  std::vector<std::pair<std::string, std::size_t>> rows;
  for (std::size_t i = 0; i < ranked.models.size(); ++i) {
    rows.emplace_back(order_of(ranked.assessments[i].score(metric), ranked.models[i].name), i);
  }
  // Only the page is sorted, after those that were shown before.
  const auto begin = std::partition(rows.begin(), rows.end(), [&](const auto& row) {
    return !paging.after.empty() && row.first <= paging.after;
  });
  const auto end = begin + std::min<std::ptrdiff_t>(paging.limit, rows.end() - begin);
  std::partial_sort(begin, end, rows.end());
  JsonText json;
  json.open('{');
  json.add("metric", to_string(metric));
  json.open("data", '[');
  for (auto row = begin; row != end; ++row) {
    const auto rank = static_cast<std::uint64_t>(row - rows.begin()) + 1;
    add_row(json, rank, ranked.models[row->second], metric, ranked.assessments[row->second],
            context);
  }
  json.close(']');
  json.add("has_more", end != rows.end());
  json.add_name("next_cursor", end != rows.end() ? cursor_of((end - 1)->first) : std::string());
  json.close('}');
  return json_answer(json.take());
}

}  // namespace

Result<std::optional<router::Conversation>> parse_conversation(std::string_view text) {
  if (text.empty()) return std::optional<router::Conversation>();
  for (int i = 0; i < router::kConversationCount; ++i) {
    const auto type = static_cast<router::Conversation>(i);
    if (to_string(type) == text) return std::optional(type);
  }
  return make_error(Errc::invalid_parameter,
                    "conversationType is one of text-to-text, text-to-image, text-to-audio, "
                    "text-to-video, audio-to-text, embedding, rerank, moderation.",
                    "conversationType");
}

AdminResponse answer_rankings(const AdminRequest& request, std::string_view,
                              const AdminContext& context) {
  const auto query =
      Query::parse(request.head.query, {"conversationType", "metric", "limit", "cursor"});
  if (!query) return error_answer(request, query.error());
  const auto paging = parse_paging(*query);
  if (!paging) return error_answer(request, paging.error());
  const auto conversation = parse_conversation(query->value_of("conversationType"));
  if (!conversation) return error_answer(request, conversation.error());
  const std::string_view word = query->value_of("metric");
  const auto metric = router::parse_rank_metric(word.empty() ? "overall" : word);
  if (!metric) {
    return error_answer(
        request,
        make_error(Errc::invalid_parameter,
                   "metric is one of overall, cost, accuracy, creativity, speed.", "metric"));
  }
  return render_rankings(rank_models(context, *conversation), *metric, *paging, context);
}

}  // namespace tallygate::api
