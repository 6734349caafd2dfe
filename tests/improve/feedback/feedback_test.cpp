#include "improve/feedback/feedback.h"

#include <gtest/gtest.h>

#include <string>

namespace tallygate::improve {
namespace {

Opinion opinion(const std::string& id, std::uint8_t stars, const std::string& comment = "") {
  Opinion opinion;
  opinion.id = id;
  opinion.at = WallTime(std::chrono::seconds(1'795'248'000));
  opinion.actor = "key:app";
  opinion.rating.form = RatingForm::stars;
  opinion.rating.stars = stars;
  opinion.comment = comment;
  return opinion;
}

store::Document stored(const Feedback& feedback) {
  store::Document document;
  document.kind = kFeedbackKind;
  document.id = feedback.request.id;
  document.revision = feedback.revision;
  document.body = to_body(feedback);
  return document;
}

TEST(Feedback, CountsTheLastOpinionAndKeepsThoseBefore) {
  Feedback feedback;
  feedback.request.id = "r";
  for (int number = 0; number < 14; ++number) {
    feedback = with_opinion(feedback, opinion(std::to_string(number), 1));
  }
  EXPECT_EQ(feedback.last.id, "13");
  EXPECT_EQ(feedback.revision, 14u);
  ASSERT_EQ(feedback.earlier.size(), kMaxEarlier);
  EXPECT_EQ(feedback.earlier.front().id, "12");
  EXPECT_EQ(feedback.earlier.back().id, "3");
}

TEST(Feedback, KeepsNoMoreOfLongOnesThanFit) {
  Feedback feedback;
  for (int number = 0; number < 5; ++number) {
    Opinion long_one = opinion(std::to_string(number), 1);
    long_one.correction.assign(kMaxEarlierBytes / 2, 'x');
    feedback = with_opinion(feedback, long_one);
  }
  ASSERT_EQ(feedback.earlier.size(), 2u);
  EXPECT_EQ(feedback.earlier.front().id, "3");
}

TEST(Feedback, ComesBackAsItWasStored) {
  Feedback feedback;
  feedback.request = {.id = "r",
                      .response_id = "chatcmpl-1",
                      .model = "assistant",
                      .version = "2.0",
                      .target = "main",
                      .experiment = "exp",
                      .variant = "b",
                      .epoch = 4,
                      .at = WallTime(std::chrono::microseconds(1'795'247'000'000'001))};
  feedback = with_opinion(feedback, opinion("f1", 5));
  Opinion second =
      opinion("f2", 1, "\"><img src=x onerror=alert(1)>\n\xE2\x80\xA8 \xF0\x9F\x98\x80");
  second.correction = "4";
  second.tags = {"math", "wrong"};
  feedback = with_opinion(feedback, second);

  const auto back = feedback_of(stored(feedback));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->request.id, "r");
  EXPECT_EQ(back->request.response_id, "chatcmpl-1");
  EXPECT_EQ(back->request.variant, "b");
  EXPECT_EQ(back->request.epoch, 4u);
  EXPECT_EQ(back->request.at, feedback.request.at);
  EXPECT_TRUE(says_the_same(back->last, second));
  EXPECT_EQ(back->last.comment, second.comment);
  ASSERT_EQ(back->earlier.size(), 1u);
  EXPECT_EQ(back->earlier[0].id, "f1");
  EXPECT_EQ(back->revision, 2u);
  EXPECT_EQ(index_keys_of(*back),
            (std::vector<std::string>{"model=assistant", "version=2.0", "experiment=exp"}));
}

TEST(Feedback, IsTheSameOnlyIfItSaysTheSame) {
  const Opinion one = opinion("f1", 5, "good");
  Opinion other = opinion("f2", 5, "good");
  other.at += std::chrono::hours(1);
  EXPECT_TRUE(says_the_same(one, other));
  EXPECT_FALSE(says_the_same(one, opinion("f2", 4, "good")));
  EXPECT_FALSE(says_the_same(one, opinion("f2", 5, "bad")));
  other.correction = "x";
  EXPECT_FALSE(says_the_same(one, other));
}

TEST(Feedback, HasLimits) {
  Opinion fits = opinion("f", 5, std::string(kMaxCommentBytes, 'x'));
  fits.correction.assign(kMaxCorrectionBytes, 'x');
  fits.tags.assign(kMaxTags, std::string(kMaxTagBytes, 'x'));
  EXPECT_TRUE(check_opinion(fits));
  const auto expect = [&](auto change, Errc code, const char* param) {
    Opinion wrong = fits;
    change(wrong);
    const auto checked = check_opinion(wrong);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, code);
    EXPECT_EQ(checked.error().param, param);
  };
  expect([](Opinion& wrong) { wrong.comment += 'x'; }, Errc::body_too_large, "comment");
  expect([](Opinion& wrong) { wrong.correction += 'x'; }, Errc::body_too_large, "correction");
  expect([](Opinion& wrong) { wrong.tags.emplace_back("x"); }, Errc::invalid_parameter, "tags");
  expect([](Opinion& wrong) { wrong.tags[0] += 'x'; }, Errc::invalid_parameter, "tags");
  expect([](Opinion& wrong) { wrong.tags[0].clear(); }, Errc::invalid_parameter, "tags");
}

TEST(Feedback, IsCorruptWhenABodyIsNotOurs) {
  Feedback feedback;
  feedback.request.id = "r";
  store::Document document = stored(with_opinion(feedback, opinion("f", 5)));
  const std::size_t stars = document.body.find("\"stars\":5");
  ASSERT_NE(stars, std::string::npos);
  document.body.replace(stars, 9, "\"stars\":9");
  const auto read = feedback_of(document);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::storage_corrupt);
}

}  // namespace
}  // namespace tallygate::improve
