#include "gateway/exchange/local/control_desk.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tallygate {
namespace {

/// A desk whose pool does nothing until it is told to.
struct Desk {
  ControlDesk desk;
  std::vector<std::function<void()>> pool;
  std::vector<std::string> answered;
  http::RequestHead head;
  access::Key key;

  explicit Desk(bool is_open = true) {
    if (!is_open) return;
    desk.open([this](std::function<void()> job) { pool.push_back(std::move(job)); },
              [](const DataCall& call) {
                api::AdminResponse answer;
                answer.body = call.request_id;
                return answer;
              });
  }
  bool ask(const DataCall& call) {
    return desk.ask(call, [this](api::AdminResponse answer) { answered.push_back(answer.body); });
  }
};

TEST(ControlDesk, LeavesSomeOfThePoolToOthers) {
  Desk desk;
  const std::vector<std::string> ids = {"1", "2", "3", "4", "5"};
  std::vector<DataCall> calls;
  for (const std::string& id : ids) calls.push_back({desk.head, "", id, &desk.key});
  for (const DataCall& call : calls) EXPECT_TRUE(desk.ask(call));
  ASSERT_EQ(desk.pool.size(), 2u) << "two of them are answered at a time";
  desk.pool[0]();
  EXPECT_EQ(desk.answered, ids) << "in the order in which they came";
  desk.pool[1]();

  EXPECT_TRUE(desk.ask(calls[0]));
  ASSERT_EQ(desk.pool.size(), 3u) << "a thread that has gone home is asked back";
  desk.pool[2]();
  EXPECT_EQ(desk.answered.size(), 6u);
}

TEST(ControlDesk, RefusesStrangersBeforeWhoHasAKey) {
  Desk desk;
  const DataCall strange{desk.head, "", "s", nullptr};
  const DataCall known{desk.head, "", "k", &desk.key};
  for (std::size_t i = 0; i < ControlDesk::kMostStrangers; ++i) EXPECT_TRUE(desk.ask(strange));
  EXPECT_FALSE(desk.ask(strange));
  for (std::size_t i = ControlDesk::kMostStrangers; i < ControlDesk::kMostWaiting; ++i) {
    EXPECT_TRUE(desk.ask(known));
  }
  EXPECT_FALSE(desk.ask(known));
  desk.pool[0]();
  EXPECT_EQ(desk.answered.size(), ControlDesk::kMostWaiting);
  EXPECT_TRUE(desk.ask(strange)) << "there is room again";
}

TEST(ControlDesk, RefusesAllUntilItIsOpen) {
  Desk desk(false);
  EXPECT_FALSE(desk.ask({desk.head, "", "1", &desk.key}));
}

}  // namespace
}  // namespace tallygate
