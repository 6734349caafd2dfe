// Counts calls of operator new in this binary: planning is on the path of every request.

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "tests/router/fixture.h"

namespace {
thread_local std::size_t allocations = 0;
}  // namespace

// Not inlined, or GCC takes malloc and operator delete for a mismatched pair.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace tallygate::router {
namespace {

TEST(PlanRoute, AllocatesNothing) {
  Gate gate;
  gate.settings.routes["chat"].experiment = experiment_between("1", "2");
  gate.plan("chat");
  const std::string unit(512, 'u');
  for (const std::string_view model : {"chat", "chat@2", "chat:1"}) {
    const std::size_t before = allocations;
    const auto plan = gate.plan(model, unit, 1);
    const std::size_t after = allocations;
    EXPECT_TRUE(plan);
    EXPECT_EQ(after - before, 0U) << model;
  }
}

TEST(PlanRoute, IsWatchedByACounterThatCounts) {
  const std::size_t before = allocations;
  const auto memory = std::make_unique<std::string>(100, 'x');
  EXPECT_GE(allocations - before, 2U) << *memory;
}

}  // namespace
}  // namespace tallygate::router
