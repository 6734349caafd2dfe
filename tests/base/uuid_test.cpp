#include "base/uuid.h"

#include <gtest/gtest.h>

namespace tallygate {
namespace {

constexpr WallTime at_millis(std::int64_t millis) {
  return WallTime{std::chrono::milliseconds{millis}};
}

TEST(Uuid, CarriesTimeVersionAndVariant) {
  // The example of RFC 9562, appendix A.6.
  const Uuid id = make_uuid_v7(at_millis(0x017F22E279B0), 0xCC3, 0x18C4DC0C0C07398FULL << 2);
  EXPECT_EQ(to_string(id), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  EXPECT_EQ(time_of(id), at_millis(0x017F22E279B0));
}

TEST(Uuid, SortsByTime) {
  const Uuid early = make_uuid_v7(at_millis(1000), ~0ULL, ~0ULL);
  const Uuid late = make_uuid_v7(at_millis(1001), 0, 0);
  EXPECT_LT(early, late);
  EXPECT_LE(first_uuid_at(at_millis(1001)), late);
  EXPECT_GT(first_uuid_at(at_millis(1001)), early);
}

TEST(Uuid, ParsesWhatItRenders) {
  const Uuid id = make_uuid_v7(at_millis(1234567890123), 42, 99);
  EXPECT_EQ(parse_uuid(to_string(id)).value(), id);
  EXPECT_EQ(parse_uuid("017F22E2-79B0-7CC3-98C4-DC0C0C07398F").value(),
            parse_uuid("017f22e2-79b0-7cc3-98c4-dc0c0c07398f").value());
}

TEST(Uuid, RefusesWhatIsNotOne) {
  for (const char* text :
       {"", "x", "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e2+79b0-7cc3-98c4-dc0c0c07398f"}) {
    EXPECT_FALSE(parse_uuid(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace tallygate
