#include "base/error.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace tallygate {
namespace {

TEST(ErrorTable, HasOneUsableRowForEveryCode) {
  std::set<std::string_view> codes;
  for (int i = 0; i < kErrcCount; ++i) {
    const ErrorTraits& row = traits_of(static_cast<Errc>(i));
    EXPECT_TRUE(codes.insert(row.code).second) << "twice: " << row.code;
    EXPECT_GE(row.status, 400) << row.code;
    EXPECT_LT(row.status, 600) << row.code;
    EXPECT_FALSE(row.type.empty()) << row.code;
    EXPECT_FALSE(row.anthropic_type.empty()) << row.code;
  }
}

TEST(ErrorTable, RetriesWhatTheUpstreamIsToBlameForAndWhatOurOwnLimitKeepsFromIt) {
  for (int i = 0; i < kErrcCount; ++i) {
    const ErrorTraits& row = traits_of(static_cast<Errc>(i));
    const bool is_our_limit = static_cast<Errc>(i) == Errc::upstream_busy;
    EXPECT_EQ(row.retryable, row.blame == Blame::upstream || is_our_limit) << row.code;
  }
}

}  // namespace
}  // namespace tallygate
