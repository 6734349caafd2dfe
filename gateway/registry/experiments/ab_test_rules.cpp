#include "gateway/registry/experiments/ab_test_rules.h"

#include <algorithm>
#include <utility>

#include "gateway/registry/experiments/ab_test_checks.h"
#include "router/experiment/lifecycle.h"
#include "router/experiment/rollout.h"
#include "router/experiment/tables.h"

namespace tallygate::registry {
namespace {

using config::ExperimentStatus;
using router::TestTable;

Error broken(std::string rule, std::string_view param) {
  return make_error(Errc::rule_broken, std::move(rule), std::string(param));
}

Error refused(std::string why, std::string_view param = "status") {
  return make_error(Errc::conflict, std::move(why), std::string(param));
}

std::string status_word(const AbTest& test) { return std::string(router::to_string(test.status)); }

Result<void> begin_epoch(AbTest& test, WallTime now) {
  if (test.epochs.size() >= kMaxEpochs) {
    return refused("The test has changed " + std::to_string(kMaxEpochs) +
                   " times, which is the most: complete it and make a new one.");
  }
  const std::uint32_t number = test.epochs.empty() ? 1 : test.epochs.back().number + 1;
  test.epochs.push_back({number, now, weights_of(test)});
  return {};
}

void take_table(AbTest& test, TestTable table) {
  test.table = std::move(table.slots);
  test.home = std::move(table.home);
}

/// Deals the slots anew by the test's weights and coverage, if it has any.
Result<void> deal_again(AbTest& test, WallTime now) {
  if (!test.table) return {};
  take_table(test, router::retargeted({test.table, test.home}, router::salt_of(test.id),
                                      weights_of(test), test.coverage));
  return begin_epoch(test, now);
}

Result<AbTest> ended(const AbTest& test, ExperimentStatus status, std::string_view reason,
                     WallTime now) {
  if (auto legal = router::check_move(test.status, status); legal.has_error()) {
    return legal.error();
  }
  AbTest next = test;
  next.status = status;
  next.ended = now;
  next.end_reason = reason;
  take_table(next, {});
  return next;
}

bool same_versions(const std::vector<Arm>& a, const std::vector<Arm>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Arm& x, const Arm& y) {
    return x.name == y.name && x.version_id == y.version_id;
  });
}

Result<void> patch_arms(AbTest& test, const AbTestPatch& patch,
                        std::span<const ModelVersion> versions, WallTime now) {
  const AbTest before = test;
  if (patch.arms) test.arms = *patch.arms;
  if (patch.coverage) test.coverage = *patch.coverage;
  if (test.coverage < 0 || test.coverage > 1) {
    return broken("The coverage of a test is within 0 and 1.", "coverage");
  }
  if (same_arms(test.arms, before.arms) && test.coverage == before.coverage) return {};
  if (test.status == ExperimentStatus::draft) {
    return patch.arms ? check_arms(test, versions) : Result<void>();
  }
  if (!same_versions(test.arms, before.arms)) {
    return refused(
        "The test is " + status_word(test) + "; its versions can change only while it is a draft.",
        "variants");
  }
  if (auto sums = check_weights(weights_of(test)); sums.has_error()) return sums;
  return deal_again(test, now);
}

Result<void> patch_dates(AbTest& test, const AbTestPatch& patch, WallTime now) {
  if (patch.start_date && *patch.start_date != test.start_date) {
    if (test.status != ExperimentStatus::draft) {
      return refused("The test has started; its start can change only while it is a draft.",
                     "start_date");
    }
    test.start_date = *patch.start_date;
    test.scheduled = test.start_date && *test.start_date > now;
  }
  if (!patch.end_date || *patch.end_date == test.end_date) return {};
  test.end_date = *patch.end_date;
  return check_dates(test, now);
}

Result<void> patch_result(AbTest& test, const AbTestPatch& patch) {
  if (patch.score_a) test.score_a = patch.score_a;
  if (patch.score_b) test.score_b = patch.score_b;
  if (!patch.winner || *patch.winner == test.winner) return {};
  if (test.status == ExperimentStatus::draft || test.status == ExperimentStatus::cancelled) {
    return refused("The test is " + status_word(test) + " and has no winner.", "winner");
  }
  if (!patch.winner->empty() && *patch.winner != "tie" && !arm_number(test, *patch.winner)) {
    return broken("The winner of a test is one of its variants or a tie.", "winner");
  }
  test.winner = *patch.winner;
  return {};
}

}  // namespace

Result<void> check_editable(const AbTest& test) {
  if (test.origin == Origin::api) return {};
  return refused("The test `" + test.name +
                     "` is declared in the configuration file, under routes." + test.model_type +
                     ".experiment: change it there.",
                 "origin");
}

Result<AbTest> make_ab_test(const AbTestRequest& request, std::span<const ModelVersion> versions,
                            const Uuid& id, WallTime now) {
  AbTest test;
  test.id = id;
  test.name = request.name;
  test.description = request.description;
  test.model_type = request.model_type;
  test.arms = request.arms;
  test.start_date = request.start_date;
  test.scheduled = test.start_date && *test.start_date > now;
  test.end_date = request.end_date;
  test.criteria = request.criteria;
  test.coverage = router::coverage_of(test.criteria, 0);
  test.created = test.updated = now;
  if (auto fits = check_arms(test, versions); fits.has_error()) return fits.error();
  if (auto fits = check_dates(test, now); fits.has_error()) return fits.error();
  return test;
}

Result<AbTest> after_patch(const AbTest& test, const AbTestPatch& patch,
                           std::span<const ModelVersion> versions, WallTime now) {
  if (auto mine = check_editable(test); mine.has_error()) return mine.error();
  AbTest next = test;
  if (patch.name) next.name = *patch.name;
  if (patch.description) next.description = *patch.description;
  const bool steers =
      patch.arms || patch.coverage || patch.criteria || patch.start_date || patch.end_date;
  if (steers && router::is_final(test.status)) {
    return refused("The test is " + status_word(test) +
                   ", which is final: only its name, description, scores and winner can change.");
  }
  if (patch.criteria) {
    next.criteria = *patch.criteria;
    if (test.started && next.criteria.rollout != test.criteria.rollout) {
      return refused("The test has started; its rollout can change only while it is a draft.",
                     "criteria.rollout");
    }
    if (!test.started) next.coverage = router::coverage_of(next.criteria, 0);
  }
  if (auto done = patch_arms(next, patch, versions, now); done.has_error()) return done.error();
  if (auto done = patch_dates(next, patch, now); done.has_error()) return done.error();
  if (auto done = patch_result(next, patch); done.has_error()) return done.error();
  return next;
}

Result<AbTestMove> after_start(const AbTest& test, std::span<const AbTest> others,
                               std::span<const ModelVersion> versions, WallTime now) {
  if (auto legal = router::check_move(test.status, ExperimentStatus::active); legal.has_error()) {
    return legal.error();
  }
  AbTestMove move{test, {}, {}};
  if (auto fits = check_arms(move.test, versions); fits.has_error()) return fits.error();
  if (auto fits = check_dates(move.test, now); fits.has_error()) return fits.error();
  for (const AbTest& other : others) {
    if (other.id == test.id || !router::is_running(other.status)) continue;
    const bool is_active = other.status == ExperimentStatus::active;
    if (is_active && other.origin == Origin::config && test.origin == Origin::api) {
      return refused("The test `" + other.name + "` of the configuration file runs on `" +
                     other.model_type + "`: pause or end it there first.");
    }
    if (other.gave_way && !is_active) continue;
    if (is_active) move.paused.push_back(other.id);
    move.others.push_back(other);
    move.others.back().status = ExperimentStatus::paused;
    move.others.back().gave_way = true;
  }
  AbTest& next = move.test;
  next.status = ExperimentStatus::active;
  next.gave_way = false;
  if (!next.started) next.started = now;
  if (!next.table) {
    take_table(next,
               router::first_table(router::salt_of(next.id), weights_of(next), next.coverage));
  }
  if (auto begun = begin_epoch(next, now); begun.has_error()) return begun.error();
  return move;
}

Result<AbTest> after_pause(const AbTest& test) {
  if (auto legal = router::check_move(test.status, ExperimentStatus::paused); legal.has_error()) {
    return legal.error();
  }
  AbTest next = test;
  next.status = ExperimentStatus::paused;
  return next;
}

Result<AbTest> after_complete(const AbTest& test, std::string_view winner, bool promote,
                              std::string_view reason, WallTime now) {
  auto next = ended(test, ExperimentStatus::completed, reason, now);
  if (!next) return next;
  const bool is_arm = arm_number(test, winner).has_value();
  if (!winner.empty() && winner != "tie" && !is_arm) {
    return broken("The winner of a test is one of its variants or a tie.", "winner");
  }
  if (promote && !is_arm) {
    return broken("Only a variant that won can be promoted: name it as the winner.", "promote");
  }
  next->winner = winner;
  next->promoted = promote;
  return next;
}

Result<AbTest> after_cancel(const AbTest& test, std::string_view reason, WallTime now) {
  return ended(test, ExperimentStatus::cancelled, reason, now);
}

Result<AbTest> after_stage(const AbTest& test, std::size_t stage, WallTime now) {
  AbTest next = test;
  next.stage = stage;
  next.coverage = router::coverage_of(test.criteria, stage);
  if (auto dealt = deal_again(next, now); dealt.has_error()) return dealt.error();
  return next;
}

std::string promoted_version(const AbTest& test) {
  const auto winner = arm_number(test, test.winner);
  return test.promoted && winner ? test.arms[*winner].version_id : std::string();
}

Result<double> preview(const AbTest& test, std::span<const double> weights) {
  if (weights.size() != test.arms.size()) {
    return broken("A split has a share for each of the test's " + std::to_string(test.arms.size()) +
                      " variants.",
                  "split");
  }
  if (auto fits = check_weights(weights); fits.has_error()) return fits.error();
  if (router::is_final(test.status)) {
    return refused("The test is " + status_word(test) + ": it moves nobody.");
  }
  const std::uint64_t salt = router::salt_of(test.id);
  TestTable now{test.table, test.home};
  if (!test.table) now = router::first_table(salt, weights_of(test), test.coverage);
  const TestTable then = router::retargeted(now, salt, weights, test.coverage);
  return router::moved_share(*now.slots, *then.slots);
}

store::DocumentWrite write_of(const AbTest& test) {
  store::DocumentWrite write;
  write.kind = kAbTestKind;
  write.id = to_string(test.id);
  write.body = to_body(test);
  write.index_keys = {"modelType=" + test.model_type,
                      "status=" + std::string(router::to_string(test.status))};
  if (test.status == ExperimentStatus::active) {
    write.unique_keys.push_back("active=" + test.model_type);
  }
  write.expected_revision = test.revision;
  return write;
}

}  // namespace tallygate::registry
