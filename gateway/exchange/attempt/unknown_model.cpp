#include "gateway/exchange/attempt/unknown_model.h"

#include "gateway/wire/model_error.h"

namespace tallygate {
namespace {

bool is_whole(const http::ResponseParser& parser, std::string_view body) {
  switch (parser.body_kind()) {
    case http::BodyKind::none: return true;
    case http::BodyKind::length: return body.size() >= parser.head().content_length.value_or(0);
    case http::BodyKind::chunked: return body.ends_with("0\r\n\r\n");
    case http::BodyKind::until_close: return false;
  }
  return true;
}

}  // namespace

Task<Result<void>> check_for_unknown_model(Exchange& x,
                                           std::optional<Errc> (*interrupted)(const Exchange&)) {
  http::UpstreamConnection& upstream = *x.upstream;
  const auto body = [&x] { return x.upstream_in.view().substr(x.upstream_head_bytes); };
  if (!http::is_media_type(upstream.parser.head().value_of("content-type"), "application/json")) {
    co_return Result<void>{};
  }
  while (!is_whole(upstream.parser, body()) && !x.upstream_in.space().empty()) {
    if (!upstream.stream.has_input()) {
      co_await x.session.parking.park();
      if (const auto stop = interrupted(x)) {
        co_return make_error(*stop, "the wait for the upstream's error ended early");
      }
      continue;
    }
    const http::IoResult read = upstream.stream.read(x.upstream_in.space());
    if (read.status == http::IoStatus::would_block) continue;
    if (read.status != http::IoStatus::ok) break;  // the relay will find the same
    x.upstream_in.filled(read.bytes);
  }
  if (wire::says_model_not_found(body())) {
    co_return make_error(Errc::upstream_auth_error,
                         "the upstream does not know the model; check the target's model");
  }
  co_return Result<void>{};
}

}  // namespace tallygate
