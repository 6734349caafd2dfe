// First byte: an endpoint that takes a body; the rest: the body. It is refused in words, or it fits
// the endpoint's table and says the same when it is written and read again.

#include <algorithm>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "gateway/api/shapes/fields.h"
#include "gateway/api/shapes/json_body.h"
#include "tests/fuzz/same_json.h"

using namespace tallygate;
using namespace tallygate::api;
namespace json = boost::json;

namespace {

std::size_t depth_of(const json::value& value) {
  std::size_t deepest = 0;
  if (const json::array* items = value.if_array()) {
    for (const json::value& item : *items) deepest = std::max(deepest, depth_of(item));
    return deepest + 1;
  }
  if (const json::object* members = value.if_object()) {
    for (const auto& member : *members) deepest = std::max(deepest, depth_of(member.value()));
    return deepest + 1;
  }
  return 0;
}

void check_text(std::string_view text) {
  const auto value = parse_json(text);
  if (!value) {
    TG_ASSERT(value.error().code == Errc::invalid_json && !value.error().message.empty());
    return;
  }
  TG_ASSERT(depth_of(*value) <= kMaxJsonDepth);
  if (testing::has_huge_number(*value)) return;
  const auto again = parse_json(render_json(*value));
  TG_ASSERT(again && testing::is_same(*value, *again));
}

void check_body(std::string_view text, const Fields& fields) {
  const http::RequestHead head;
  const auto body = read_body({head, text}, fields);
  if (!body) {
    const Error& error = body.error();
    TG_ASSERT(!error.message.empty());
    TG_ASSERT(error.code == Errc::invalid_json ||
              error.message.find("`" + error.param + "`") != std::string::npos);
    return;
  }
  for (const Field& field : fields.fields) {
    TG_ASSERT(!field.required || body->contains({field.name.data(), field.name.size()}));
  }
  TG_ASSERT(body->size() <= fields.fields.size());
  if (testing::has_huge_number(*body)) return;
  const std::string once = render_json(*body);
  const auto again = read_body({head, once}, fields);
  TG_ASSERT(again && testing::is_same(*body, *again));
}

std::vector<const Fields*> tables() {
  std::vector<const Fields*> found;
  for (const AdminRoute& route : admin_routes()) {
    if (route.request != nullptr) found.push_back(route.request);
  }
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<const Fields*> all = tables();
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_text(text);
  check_body(text, *all[data[0] % all.size()]);
  return 0;
}
