#include "gateway/lifecycle/handover/record_message.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/records.h"

namespace tallygate::lifecycle {
namespace {

/// Every name of a record has a text of its own.
router::Record with_names(store::Names& names) {
  router::Record record = testing::small_record(1);
  record.route = names.intern("route");
  record.assigned_version = names.intern("assigned");
  record.served_version = names.intern("served");
  record.experiment = names.intern("experiment");
  record.target = names.intern("target");
  record.attempts.resize(2);
  for (int i = 0; i < 2; ++i) {
    auto& attempt = record.attempts[static_cast<std::size_t>(i)];
    attempt.failed = true;
    attempt.target = names.intern("attempt-target-" + std::to_string(i));
    attempt.route = names.intern("attempt-route-" + std::to_string(i));
    attempt.version = names.intern("attempt-version-" + std::to_string(i));
  }
  return record;
}

std::string names_in(const router::Record& record, const store::Names& names) {
  std::string text;
  const auto add = [&](router::NameId id) { text.append(names.text(id)).append(" "); };
  for (const auto id : {record.route, record.assigned_version, record.served_version,
                        record.experiment, record.target}) {
    add(id);
  }
  for (const auto& attempt : record.attempts) {
    for (const auto id : {attempt.target, attempt.route, attempt.version}) add(id);
  }
  return text;
}

std::string message_of(const router::Record& record, const store::Names& names) {
  const router::Record* const one = &record;
  const store::Started started{router::variant_key({.route = record.route,
                                                    .version = record.assigned_version,
                                                    .experiment = record.experiment,
                                                    .epoch = 4,
                                                    .variant = 1}),
                               7};
  return render_records({&one, 1}, {&started, 1}, false, names);
}

TEST(RecordMessage, KeepsTheTextsOfNamesThatHaveOtherNumbersThere) {
  store::Names here;
  store::Names there;
  for (const char* other : {"x", "served", "y", "route"}) there.intern(other);
  const router::Record record = with_names(here);
  const auto read = parse_records(message_of(record, here), there).value();
  ASSERT_EQ(read.records.size(), 1U);
  EXPECT_FALSE(read.resent);
  EXPECT_NE(read.records[0].route, record.route);
  EXPECT_EQ(names_in(read.records[0], there), names_in(record, here));
  EXPECT_EQ(read.records[0].id, record.id);
  EXPECT_EQ(read.records[0].output_tokens, record.output_tokens);
  ASSERT_EQ(read.started.size(), 1U);
  EXPECT_EQ(read.started[0].count, 7U);
  EXPECT_EQ(read.started[0].key, router::variant_key({.route = there.find("route"),
                                                      .version = there.find("assigned"),
                                                      .experiment = there.find("experiment"),
                                                      .epoch = 4,
                                                      .variant = 1}));
}

TEST(RecordMessage, TellsThatItIsSentAgain) {
  store::Names names;
  EXPECT_TRUE(parse_records(render_records({}, {}, true, names), names).value().resent);
}

TEST(RecordMessage, RefusesWhatIsCutAnywhere) {
  store::Names here;
  const std::string whole = message_of(with_names(here), here);
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    store::Names there;
    const auto read = parse_records(whole.substr(0, bytes), there);
    // Between its names and its records a message could end; then it has none.
    EXPECT_TRUE(read.has_error() || read->records.empty()) << bytes;
  }
}

TEST(RecordMessage, RefusesANameWithoutItsText) {
  store::Names here;
  std::string message = message_of(with_names(here), here);
  ++message[5];  // the id of the first name
  store::Names there;
  EXPECT_TRUE(parse_records(message, there).has_error());
}

TEST(RecordMessage, SurvivesNoise) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 dice(seed);
  store::Names here;
  const std::string whole = message_of(with_names(here), here);
  for (int i = 0; i < 2000; ++i) {
    std::string noisy = whole;
    for (int n = 0; n < 4; ++n) noisy[dice() % noisy.size()] = static_cast<char>(dice());
    store::Names there;
    [[maybe_unused]] const auto read = parse_records(noisy, there);
  }
}

}  // namespace
}  // namespace tallygate::lifecycle
