#include "gateway/lifecycle/watchdog.h"

#include <gtest/gtest.h>

#include <vector>

#include "gateway/lifecycle/service_manager.h"

namespace tallygate::lifecycle {
namespace {

using namespace std::chrono_literals;

struct Watched {
  asio::io_context io{1};
  std::vector<std::function<void()>> questions;
  int told = 0;
  Watchdog watchdog{io, 3ms,
                    [this](std::function<void()> answer) {
                      questions.assign(2, std::move(answer));
                      return questions.size();
                    },
                    [this] { ++told; }};

  /// Its next look; there is always a timer to wait for.
  void look() { io.run_one(); }
  void answer(std::size_t workers) {
    for (std::size_t i = 0; i < workers; ++i) questions[i]();
  }
};

TEST(Watchdog, TellsOnlyWhileEveryWorkerAnswers) {
  Watched gate;
  gate.watchdog.start();
  EXPECT_EQ(gate.told, 0);
  gate.answer(2);
  gate.look();
  EXPECT_EQ(gate.told, 1);
  gate.answer(1);
  gate.look();
  gate.look();
  EXPECT_EQ(gate.told, 1) << "one of them hangs";
  gate.questions[1]();
  gate.look();
  EXPECT_EQ(gate.told, 2) << "it goes on";
  gate.watchdog.stop();
}

TEST(ServiceManager, ReadsHowOftenASignOfLifeIsDue) {
  const auto check = [](const char* text, std::optional<std::chrono::microseconds> expected) {
    EXPECT_EQ(parse_watchdog_period(text), expected) << (text != nullptr ? text : "(none)");
  };
  check(nullptr, std::nullopt);
  check("30000000", 30s);
  check("1", 1us);
  for (const char* nonsense : {"", "0", "-5", "3s", " 3", "99999999999999999999"}) {
    check(nonsense, std::nullopt);
  }
}

}  // namespace
}  // namespace tallygate::lifecycle
