#include "gateway/wire/sse.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace tallygate::wire {
namespace {

// Ends of events in a whole stream, written from the standard: split into lines, then look for
// empty ones. Where a line ends at the very end of the stream nothing is left to wait for.
std::vector<std::size_t> reference_ends(const std::string& stream) {
  std::vector<std::size_t> ends;
  std::size_t line = 0;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    if (stream[i] != '\n' && stream[i] != '\r') continue;
    const std::size_t text_end = i;
    if (stream[i] == '\r' && i + 1 < stream.size() && stream[i + 1] == '\n') ++i;
    if (text_end == line) ends.push_back(i + 1);
    line = i + 1;
  }
  return ends;
}

std::vector<std::size_t> ends_of(const std::vector<std::string_view>& pieces) {
  SseScanner scanner;
  std::vector<std::size_t> ends;
  std::size_t fed = 0;
  for (std::string_view piece : pieces) {
    while (const std::size_t size = scanner.next_event(piece)) {
      fed += size;
      piece.remove_prefix(size);
      ends.push_back(fed);
      EXPECT_TRUE(scanner.at_boundary());
    }
    fed += piece.size();
  }
  return ends;
}

// Every reported end is one of the reference's; "all": and none is missed.
void check_split(const std::string& stream, const std::vector<std::string_view>& pieces, bool all) {
  const std::vector<std::size_t> expected = reference_ends(stream);
  const std::vector<std::size_t> ends = ends_of(pieces);
  if (all) {
    EXPECT_EQ(ends, expected) << testing::PrintToString(stream);
  } else {
    EXPECT_TRUE(std::includes(expected.begin(), expected.end(), ends.begin(), ends.end()));
  }
  SseScanner scanner;
  std::size_t complete = 0;
  std::size_t fed = 0;
  for (const std::string_view piece : pieces) {
    if (const std::size_t size = scanner.scan(piece)) complete = fed + size;
    fed += piece.size();
  }
  EXPECT_EQ(complete, ends.empty() ? 0 : ends.back()) << testing::PrintToString(stream);
}

void check_all_splits(const std::string& stream) {
  const std::string_view view = stream;
  check_split(stream, {view}, true);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    check_split(stream, {view.substr(0, cut), view.substr(cut)}, true);
  }
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < stream.size(); ++i) bytes.push_back(view.substr(i, 1));
  check_split(stream, bytes, true);
}

TEST(SseScanner, FindsWholeEventsHoweverTheyAreCut) {
  check_all_splits("data: a\n\ndata: b\ndata: c\n\n");
  check_all_splits("event: x\r\ndata: {\"é\":\"日本\"}\r\n\r\ndata: b\r\n\r\n");
  check_all_splits("data: a\r\rdata: b\rid: 1\r\r: comment\r\r");
  check_all_splits("\n\n\ndata: a\n\n\n\n: ping\n\ndata: [DONE]\n\n");
  check_all_splits("data: a\r\n\r\n\r\n\r\ndata: b\r\n\r\nunfinished: x\r\n");
  check_all_splits("data: a\r\n\ndata: b\n\ndata: c");
  check_all_splits("");
  check_all_splits(std::string("data: \0\n\n", 9));
}

TEST(SseScanner, WaitsForTheSecondHalfOfACrlf) {
  SseScanner scanner;
  EXPECT_EQ(scanner.scan("data: a\r\n\r"), 0u);
  EXPECT_FALSE(scanner.at_boundary());
  EXPECT_EQ(scanner.scan("\n"), 1u);
  EXPECT_TRUE(scanner.at_boundary());
}

TEST(SseScanner, CompletesACrStreamAtOnceAndCountsALateLineFeedAsPrefix) {
  SseScanner scanner;
  EXPECT_EQ(scanner.next_event("data: a\r\r"), 9u);
  EXPECT_EQ(scanner.next_event("\ndata: b\r\rdata"), 1u);
  EXPECT_EQ(scanner.next_event("data: b\r\rdata"), 9u);
  EXPECT_EQ(scanner.next_event("data"), 0u);
  EXPECT_FALSE(scanner.at_boundary());
}

TEST(SseScanner, ReportsNoHalfEventInAMixOfLineEnds) {
  const std::uint32_t seed = 99;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string stream;
    for (std::size_t i = random() % 24; i > 0; --i) stream += "ab\r\r\n\n:"[random() % 7];
    std::vector<std::string_view> pieces;
    std::string_view rest = stream;
    while (!rest.empty()) {
      pieces.push_back(rest.substr(0, 1 + random() % 6));
      rest.remove_prefix(pieces.back().size());
    }
    // CR CR LF has one more end than the reference: between the CR that completed and the LF.
    if (stream.find("\r\r\n") != std::string::npos) continue;
    check_split(stream, pieces, false);
  }
}

TEST(SseScanner, SaysWhetherSomethingIsUnfinished) {
  SseScanner scanner;
  EXPECT_TRUE(scanner.at_boundary());
  EXPECT_EQ(scanner.scan("data: x"), 0u);
  EXPECT_FALSE(scanner.at_boundary());
  EXPECT_EQ(scanner.scan("\n"), 0u);
  EXPECT_FALSE(scanner.at_boundary());
  EXPECT_EQ(scanner.scan("\nd"), 1u);
  EXPECT_FALSE(scanner.at_boundary());
}

TEST(SseScanner, ScansLargeEventsOfEitherLineEnd) {
  for (const char* line_end : {"\n", "\r", "\r\n"}) {
    std::string stream = "data: " + std::string(1 << 20, 'x') + line_end + line_end;
    const std::size_t first = stream.size();
    stream += "data: y";
    SseScanner scanner;
    EXPECT_EQ(scanner.scan(stream), first);
  }
}

void check_event(std::string_view text, std::string_view event, std::string_view data,
                 bool has_data = true, bool multi_line = false) {
  const SseEvent fields = parse_event(text);
  EXPECT_EQ(fields.event, event) << text;
  EXPECT_EQ(fields.data, data) << text;
  EXPECT_EQ(fields.has_data, has_data) << text;
  EXPECT_EQ(fields.multi_line, multi_line) << text;
}

TEST(ParseEvent, ReadsTheFieldsThatMatter) {
  check_event("data: a\n\n", "", "a");
  check_event("data:a\r\n\r\n", "", "a");
  check_event("data:  a\r\r", "", " a");
  check_event("\nid: 1\nevent: x\ndata: a\n\n", "x", "a");
  check_event("event: x\nevent:y\ndata: a", "y", "a");
  check_event("data: a\ndata: b\ndata: c\nevent: z\n\n", "z", "a", true, true);
  check_event("data\n\n", "", "");
  check_event("data:\n\n", "", "");
  check_event(": comment\n\n", "", "", false);
  check_event("database: x\nDATA: y\n\n", "", "", false);
  check_event("", "", "", false);
  check_event("\n", "", "", false);
}

}  // namespace
}  // namespace tallygate::wire
