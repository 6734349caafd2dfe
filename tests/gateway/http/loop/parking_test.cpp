#include "gateway/http/loop/parking.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tallygate::http {
namespace {

using std::chrono::milliseconds;

constexpr SteadyTime kNow = SteadyTime{} + std::chrono::hours{1};

/// What a sleeper does and sees, as text.
struct Diary {
  std::string text;
};

/// Sleeps `times` times; writes '.' when woken, '!' when its deadline passed, '$' at its end.
Task<void> sleep_and_note(Parking& parking, int times, Diary& diary) {
  for (int i = 0; i < times; ++i) {
    co_await parking.park();
    diary.text += parking.expired() ? '!' : '.';
  }
  diary.text += '$';
}

/// The same with a Parking of its own, in a list; with a deadline.
Task<void> sleep_in_list(Deadlines& deadlines, SteadyTime until, int times, Diary& diary) {
  Parking parking;
  deadlines.add(parking);
  parking.wake_at(until);
  co_await sleep_and_note(parking, times, diary);
}

class ParkingTest : public ::testing::Test {
 protected:
  Diary diary;
};

using ParkingOf = ParkingTest;

TEST_F(ParkingOf, OneWakesOnceForEachWake) {
  Parking parking;
  spawn(sleep_and_note(parking, 2, diary));
  EXPECT_TRUE(parking.parked());
  EXPECT_EQ(diary.text, "");
  parking.wake();
  EXPECT_EQ(diary.text, ".") << "inside wake()";
  EXPECT_TRUE(parking.parked());
  parking.wake();
  EXPECT_EQ(diary.text, "..$");
  EXPECT_FALSE(parking.parked());
  parking.wake();
  EXPECT_EQ(diary.text, "..$");
}

TEST_F(ParkingOf, OneDropsWakesOfWhoIsAwake) {
  Parking parking;
  parking.wake();
  parking.wake();
  spawn(sleep_and_note(parking, 1, diary));
  EXPECT_TRUE(parking.parked()) << "the wakes from before are not kept";
  parking.wake();
  EXPECT_EQ(diary.text, ".$");
}

TEST_F(ParkingOf, DeadlineFiresOnceAtTheFirstTickAfterIt) {
  Parking parking;
  Deadlines deadlines;
  deadlines.add(parking);
  parking.wake_at(kNow);
  spawn(sleep_and_note(parking, 3, diary));
  deadlines.tick(kNow - milliseconds{1});
  EXPECT_EQ(diary.text, "");
  EXPECT_FALSE(parking.expired());
  deadlines.tick(kNow);
  EXPECT_EQ(diary.text, "!");
  EXPECT_TRUE(parking.expired());
  EXPECT_EQ(parking.deadline(), kNever);
  deadlines.tick(kNow + milliseconds{100});
  EXPECT_EQ(diary.text, "!");
  parking.wake_at(kNow + milliseconds{200});
  EXPECT_FALSE(parking.expired());
  parking.wake();
  EXPECT_EQ(diary.text, "!.");
  deadlines.tick(kNow + milliseconds{200});
  EXPECT_EQ(diary.text, "!.!$");
}

TEST_F(ParkingOf, DeadlineThatIsClearedNeverFires) {
  Parking parking;
  Deadlines deadlines;
  deadlines.add(parking);
  parking.wake_at(kNow);
  parking.clear_deadline();
  spawn(sleep_and_note(parking, 1, diary));
  deadlines.tick(SteadyTime::max() - milliseconds{1});
  EXPECT_EQ(diary.text, "");
  parking.wake();
}

TEST_F(ParkingOf, DeadlineOfOneAwakeIsSeenLater) {
  Parking parking;
  Deadlines deadlines;
  deadlines.add(parking);
  parking.wake_at(kNow);
  deadlines.tick(kNow);
  EXPECT_TRUE(parking.expired());
}

TEST_F(ParkingOf, ListForgetsWhoIsGone) {
  Deadlines deadlines;
  {
    Parking parking;
    deadlines.add(parking);
    EXPECT_FALSE(deadlines.empty());
  }
  EXPECT_TRUE(deadlines.empty());
  spawn(sleep_in_list(deadlines, kNow, 1, diary));
  EXPECT_FALSE(deadlines.empty());
  deadlines.tick(kNow);
  EXPECT_EQ(diary.text, "!$");
  EXPECT_TRUE(deadlines.empty());
}

TEST_F(ParkingOf, ListWakesManyWhoEndOrStay) {
  Deadlines deadlines;
  for (int i = 0; i < 10; ++i) spawn(sleep_in_list(deadlines, kNow, i % 2 + 1, diary));
  deadlines.tick(kNow);
  EXPECT_EQ(diary.text, "!$!!$!!$!!$!!$!");
  deadlines.expire_all();
  EXPECT_EQ(diary.text, "!$!!$!!$!!$!!$!!$!$!$!$!$");
  EXPECT_TRUE(deadlines.empty());
}

/// Woken by its deadline, ends another sleeper of the same list.
Task<void> sleep_and_destroy(Deadlines& deadlines, std::unique_ptr<Parking>& other, Diary& diary) {
  Parking parking;
  deadlines.add(parking);
  parking.wake_at(kNow);
  co_await parking.park();
  other.reset();
  diary.text += 'x';
}

TEST_F(ParkingOf, ListBearsThatAWokenOneDestroysAnother) {
  for (const bool before : {true, false}) {
    SCOPED_TRACE(before);
    Diary notes;
    Deadlines deadlines;
    auto other = std::make_unique<Parking>();
    other->wake_at(kNow);
    if (before) deadlines.add(*other);
    spawn(sleep_and_destroy(deadlines, other, notes));
    if (!before) deadlines.add(*other);
    deadlines.tick(kNow);
    EXPECT_EQ(notes.text, "x");
    EXPECT_TRUE(deadlines.empty());
  }
}

TEST_F(ParkingOf, ListExpiresEvenThoseWithoutADeadline) {
  Deadlines deadlines;
  spawn(sleep_in_list(deadlines, kNever, 1, diary));
  deadlines.tick(SteadyTime::max() - milliseconds{1});
  EXPECT_EQ(diary.text, "");
  deadlines.expire_all();
  EXPECT_EQ(diary.text, "!$");
}

TEST_F(ParkingOf, ListWakesAllWithoutAReason) {
  Deadlines deadlines;
  for (int i = 0; i < 3; ++i) spawn(sleep_in_list(deadlines, kNow, i + 1, diary));
  deadlines.wake_all();
  EXPECT_EQ(diary.text, ".$..");
  deadlines.tick(kNow);
  EXPECT_EQ(diary.text, ".$..!$!");
  deadlines.wake_all();
  EXPECT_TRUE(deadlines.empty());
}

Task<void> nap(Sleepers& sleepers, Parking& parking, SteadyTime until, Diary& diary) {
  sleepers.add(parking, until);
  co_await parking.park();
  sleepers.remove(parking);
  diary.text += '.';
}

TEST_F(ParkingOf, SleepersWakeWhenTheirTimeHasCome) {
  Sleepers sleepers;
  Parking early;
  Parking late;
  spawn(nap(sleepers, late, kNow + milliseconds{10}, diary));
  spawn(nap(sleepers, early, kNow, diary));
  sleepers.tick(kNow - milliseconds{1});
  EXPECT_EQ(diary.text, "");
  sleepers.tick(kNow);
  EXPECT_EQ(diary.text, ".");
  EXPECT_FALSE(early.parked());
  EXPECT_TRUE(late.parked());
  EXPECT_FALSE(sleepers.empty());
  sleepers.tick(kNow + milliseconds{10});
  EXPECT_EQ(diary.text, "..");
  EXPECT_TRUE(sleepers.empty());
}

TEST_F(ParkingOf, SleepersWakeManyAtOnce) {
  Sleepers sleepers;
  std::vector<std::unique_ptr<Parking>> parkings;
  for (int i = 0; i < 20; ++i) {
    parkings.push_back(std::make_unique<Parking>());
    spawn(nap(sleepers, *parkings.back(), kNow + milliseconds{i % 3}, diary));
  }
  sleepers.tick(kNow + milliseconds{1});
  EXPECT_EQ(diary.text, std::string(14, '.'));
  sleepers.tick(kNow + milliseconds{2});
  EXPECT_EQ(diary.text, std::string(20, '.'));
  EXPECT_TRUE(sleepers.empty());
}

TEST_F(ParkingOf, SleepersThatAreWokenEarlyAreNotWokenAgain) {
  Sleepers sleepers;
  Parking parking;
  spawn(nap(sleepers, parking, kNow, diary));
  parking.wake();
  EXPECT_EQ(diary.text, ".");
  EXPECT_TRUE(sleepers.empty());
  spawn(sleep_and_note(parking, 1, diary));
  sleepers.tick(kNow);
  EXPECT_EQ(diary.text, ".");
  parking.wake();
}

}  // namespace
}  // namespace tallygate::http
