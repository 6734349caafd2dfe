#include "gateway/api/operation/store_readiness.h"

#include <gtest/gtest.h>

namespace tallygate::api {
namespace {

using store::StoreTrouble;

void check(const store::StoreHealth& health, Messages messages, const std::string& expected) {
  EXPECT_EQ(render_readiness("ready", health, messages), expected);
}

TEST(StoreReadiness, SaysNothingMoreWhileAllIsWell) {
  store::StoreHealth health;
  health.records_dropped = 7;
  health.journal_error = "over by now";
  check(health, Messages::included, R"({"status":"ready"})");
}

TEST(StoreReadiness, NamesTheTroubleAndTellsOnlyAdministratorsWhere) {
  store::JournalStatus journal;
  journal.trouble = StoreTrouble::full;
  journal.dropped = 3;
  journal.lost = 1;
  journal.queued = 9;
  journal.last_error = "journal '/a': \"full\"";
  const auto health = store_health_of(journal, {}, true);
  const std::string told =
      R"({"status":"ready","store":"degraded","journal":{"trouble":"full","records_dropped":3,)"
      R"("records_lost":1,"records_queued":9,"answers_wait":true)";
  check(health, Messages::left_out, told + R"(},"catalog":{"trouble":"none"}})");
  check(health, Messages::included,
        told + R"(,"message":"journal '/a': \"full\""},"catalog":{"trouble":"none"}})");
}

TEST(StoreReadiness, IsDegradedByTheCatalogAndByAnswersThatDoNotWait) {
  store::CatalogStatus catalog;
  catalog.trouble = StoreTrouble::gone;
  catalog.last_error = "where";
  EXPECT_NE(render_readiness("ok", store_health_of({}, catalog, true), Messages::included)
                .find(R"("catalog":{"trouble":"gone","message":"where"})"),
            std::string::npos);
  EXPECT_NE(render_readiness("ok", store_health_of({}, {}, false), Messages::left_out)
                .find(R"("answers_wait":false)"),
            std::string::npos);
}

}  // namespace
}  // namespace tallygate::api
