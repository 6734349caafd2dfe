#include "gateway/api/operation/record_view.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tallygate::api {
namespace {

router::Record sample_record(store::Names& names) {
  router::Record record;
  record.id = *parse_uuid("019aa4a5-3c30-7000-8000-0000000000ff");
  record.started = WallTime{std::chrono::microseconds{1'795'248'190'000'250}};
  record.route = names.intern("assistant");
  record.assigned_version = names.intern("1.1.0");
  record.served_version = names.intern("1.0.0");
  record.experiment = names.intern("mini-against-8b");
  record.target = names.intern("local-8b");
  record.epoch = 2;
  record.slot = 4711;
  record.variant = 1;
  record.status = 200;
  record.attempt_count = 2;
  record.streamed = true;
  record.latency_us = 1'234'500;
  record.first_token_us = 200'000;
  record.overhead_us = 42;
  record.input_tokens = 17;
  record.output_tokens = 11;
  record.cached_tokens = 3;
  record.event_count = 13;
  record.unit_hash = 0xabc;
  record.request_bytes = 480;
  record.response_bytes = 5'700;
  record.cost_nano_usd = 9'150;
  const auto first = names.intern("1.1.0");
  record.attempts = {
      {names.intern("cloud-mini"), 503, Errc::upstream_status, true, 0, 12, record.route, first},
      {record.target, 200, Errc::internal, false, 12, 1'222, record.route, record.served_version}};
  record.tags = "team=red";
  record.response_id = "chatcmpl-1";
  record.exceeded = true;
  record.mirrored = true;
  record.mirror_of = *parse_uuid("019aa4a5-3c30-7000-8000-0000000000fe");
  return record;
}

TEST(RecordView, RendersEveryFieldAsJson) {
  store::Names names;
  EXPECT_EQ(
      render_record_json(sample_record(names), names),
      R"({"request_id":"019aa4a5-3c30-7000-8000-0000000000ff",)"
      R"("started":"2026-11-21T08:03:10.000250Z","route":"assistant","variant":"b",)"
      R"("assigned_version":"1.1.0","version":"1.0.0","fallback_reason":"upstream_status",)"
      R"("experiment":"mini-against-8b","epoch":2,"slot":4711,"target":"local-8b","conversation_type":"text-to-text","status":200,)"
      R"("outcome":"ok","error":null,"phase":null,"attempts":2,"attempts_detail":[)"
      R"({"route":"assistant","version":"1.1.0","target":"cloud-mini","status":503,"cause":"upstream_status","start_ms":0,)"
      R"("duration_ms":12},{"route":"assistant","version":"1.0.0","target":"local-8b","status":200,"cause":null,"start_ms":12,)"
      R"("duration_ms":1222}],"latency_ms":1234.5,"first_token_ms":200,"overhead_ms":0.042,)"
      R"("input_tokens":17,"output_tokens":11,"cached_tokens":3,"cost_usd":0.00000915,)"
      R"("unit_hash":"0000000000000abc","response_id":"chatcmpl-1","tags":"team=red",)"
      R"("streamed":true,"events":13,"request_bytes":480,"response_bytes":5700,)"
      R"("unacknowledged":false,"exceeded":true,"mirrored":true,)"
      R"("mirror_of":"019aa4a5-3c30-7000-8000-0000000000fe"})");
}

TEST(RecordView, SaysNullForWhatDidNotHappen) {
  store::Names names;
  router::Record record;
  record.outcome = router::Outcome::client_abort;
  record.error = Errc::client_abort;
  record.phase = router::Phase::streaming;
  record.attempts = {{0, 0, Errc::upstream_connect_error, true, 1, 2}};
  const std::string json = render_record_json(record, names);
  for (
      const auto* part :
      {R"("variant":null)", R"("version":null)", R"("experiment":null,"epoch":null,"slot":null)",
       R"("first_token_ms":null)", R"("unit_hash":null)", R"("response_id":null)", R"("tags":null)",
       R"("error":"client_abort","phase":"streaming")",
       R"({"route":null,"version":null,"target":null,"status":null,"cause":"upstream_connect_error")"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << "\n" << json;
  }
}

TEST(RecordView, RendersTheSameColumnsAsCsv) {
  store::Names names;
  const router::Record record = sample_record(names);
  EXPECT_EQ(render_record_csv(record, names),
            "019aa4a5-3c30-7000-8000-0000000000ff,2026-11-21T08:03:10.000250Z,assistant,b,1.1.0,"
            "1.0.0,upstream_status,mini-against-8b,2,4711,local-8b,text-to-text,200,ok,,,2,"
            "\"[{\"\"route\"\":\"\"assistant\"\",\"\"version\"\":\"\"1.1.0\"\",\"\"target\"\":"
            "\"\"cloud-mini\"\",\"\"status\"\":503,\"\"cause\"\":"
            "\"\"upstream_status\"\",\"\"start_ms\"\":0,\"\"duration_ms\"\":12},{\"\"route\"\":"
            "\"\"assistant\"\",\"\"version\"\":\"\"1.0.0\"\",\"\"target\"\":"
            "\"\"local-8b\"\",\"\"status\"\":200,\"\"cause\"\":null,\"\"start_ms\"\":12,"
            "\"\"duration_ms\"\":1222}]\",1234.5,200,0.042,17,11,3,0.00000915,0000000000000abc,"
            "chatcmpl-1,team=red,true,13,480,5700,false,true,true,"
            "019aa4a5-3c30-7000-8000-0000000000fe\n");
  const std::string header = render_csv_header();
  EXPECT_TRUE(header.starts_with("request_id,started,route,variant,assigned_version,version,"));
  router::Record plain;
  const std::string line = render_record_csv(plain, names);
  EXPECT_EQ(std::count(header.begin(), header.end(), ','),
            std::count(line.begin(), line.end(), ','));
}

TEST(RecordView, KeepsCsvCellsHarmless) {
  store::Names names;
  const auto cell_of = [&](std::string_view tags) {
    router::Record record;
    record.tags = tags;
    record.response_id = "HERE";
    const std::string line = render_record_csv(record, names);
    const std::size_t begin = line.find("HERE,") + 5;
    return line.substr(begin, line.rfind(",false,0,0,0,false,false,false,\n") - begin);
  };
  EXPECT_EQ(cell_of("=1+1"), "'=1+1");
  EXPECT_EQ(cell_of("+a"), "'+a");
  EXPECT_EQ(cell_of("-a"), "'-a");
  EXPECT_EQ(cell_of("@SUM(A1)"), "'@SUM(A1)");
  EXPECT_EQ(cell_of("\t=1"), "'\t=1");
  EXPECT_EQ(cell_of("=a,\"b\""), "\"'=a,\"\"b\"\"\"");
  EXPECT_EQ(cell_of("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(cell_of("k=v"), "k=v");
}

TEST(RecordView, EscapesHostileTextInJson) {
  store::Names names;
  router::Record record;
  record.tags = "\"><img src=x onerror=1>\n\xff";
  const std::string json = render_record_json(record, names);
  EXPECT_NE(json.find(R"("tags":"\"\u003e\u003cimg src=x onerror=1\u003e\n)"), std::string::npos)
      << json;
  EXPECT_EQ(json.find('\xff'), std::string::npos);
}

TEST(VariantName, CountsInLetters) {
  EXPECT_EQ(variant_name(0), "a");
  EXPECT_EQ(variant_name(25), "z");
  EXPECT_EQ(variant_name(26), "aa");
  EXPECT_EQ(variant_name(27), "ab");
  EXPECT_EQ(variant_name(254), "iu");
  EXPECT_EQ(variant_name(router::kNoVariant), "");
}

}  // namespace
}  // namespace tallygate::api
