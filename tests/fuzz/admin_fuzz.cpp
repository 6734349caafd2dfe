// Requests to the admin API, one after the other, on a catalog that remembers. Each is written as
// `METHOD TARGET`, header lines, an empty line and a body up to a line `%%`; `$1` to `$9` stand for
// the ids that were made so far. Whatever is asked: no answer is the gate's own failure, an error
// says what it is, a success is what its table promises, and what only reads writes nothing.

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "gateway/api/shapes/json_body.h"
#include "tests/fuzz/admin_world.h"

using namespace tallygate;
using namespace tallygate::api;
namespace json = boost::json;

namespace {

constexpr int kMostRequests = 12;

std::string_view take_until(std::string_view& rest, std::string_view mark) {
  const std::string_view taken = rest.substr(0, rest.find(mark));
  rest.remove_prefix(std::min(taken.size() + mark.size(), rest.size()));
  return taken;
}

std::string with_ids(std::string_view text, const std::vector<std::string>& ids) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t number = text[i] == '$' && i + 1 < text.size() && text[i + 1] >= '1'
                                   ? static_cast<std::size_t>(text[i + 1] - '1')
                                   : ids.size();
    if (number < ids.size()) {
      out += ids[number];
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

http::Method method_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, http::Method>, 6> kMethods{
      {{"GET", http::Method::get},
       {"HEAD", http::Method::head},
       {"POST", http::Method::post},
       {"PUT", http::Method::put},
       {"PATCH", http::Method::patch},
       {"DELETE", http::Method::delete_}}};
  for (const auto& [text, method] : kMethods) {
    if (text == name) return method;
  }
  return http::Method::other;
}

/// The table of a success that `path` promises; null = none, or more than one row could be it.
const AdminRoute* row_of(http::Method method, std::string_view path) {
  for (const AdminRoute& row : admin_routes()) {
    if (row.method == method && row.path == path) return &row;
  }
  const AdminRoute* found = nullptr;
  for (const AdminRoute& row : admin_routes()) {
    const std::size_t brace = row.path.find('{');
    if (brace == std::string_view::npos || row.method != method) continue;
    const std::string_view behind = row.path.substr(row.path.find('}') + 1);
    if (!path.starts_with(row.path.substr(0, brace)) || !path.ends_with(behind)) continue;
    if (found != nullptr) return nullptr;
    found = &row;
  }
  return found;
}

/// Deeper than what requests may be: an answer wraps what a request brought.
json::value read_answer(const AdminResponse& response) {
  json::parse_options options;
  options.max_depth = 2 * kMaxJsonDepth;
  json::error_code failed;
  json::value value = json::parse(response.body, failed, {}, options);
  TG_ASSERT(!failed);
  return value;
}

void check_error(const AdminResponse& response) {
  const json::value value = read_answer(response);
  const json::object& error = value.at("error").as_object();
  for (const char* key : {"message", "type", "code"}) TG_ASSERT(!error.at(key).as_string().empty());
  TG_ASSERT(error.contains("param"));
}

void check_success(const AdminResponse& response, const AdminRoute* row) {
  if (response.content_type == "application/json") read_answer(response);
  if (row == nullptr || row->result == nullptr) return;
  const auto fits = check_answer(response.body, *row->result);
  TG_ASSERT(fits || fits.error().message.find("maximum depth") != std::string::npos);
}

void ask(AdminWorld& world, std::string_view text) {
  std::string_view rest = text;
  std::string_view line = take_until(rest, "\n");
  const http::Method method = method_of(take_until(line, " "));
  const std::string target = with_ids(line, world.made);
  world.headers.clear();
  for (auto field = take_until(rest, "\n"); !field.empty(); field = take_until(rest, "\n")) {
    const std::string_view name = take_until(field, ": ");
    world.headers.emplace_back(std::string(name), with_ids(field, world.made));
  }
  const std::string body = with_ids(rest, world.made);

  const int writes = world.catalog.transactions;
  const AdminResponse response = world.ask(method, target, body);
  TG_ASSERT(response.status >= 200 && response.status < 500);
  if (response.status >= 400) {
    check_error(response);
  } else {
    check_success(response, row_of(method, std::string_view(target).substr(0, target.find('?'))));
  }
  const bool wrote = world.catalog.transactions != writes;
  TG_ASSERT(!wrote || (method != http::Method::get && response.status < 400));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  AdminWorld world;
  for (int i = 0; i < kMostRequests && !rest.empty(); ++i) ask(world, take_until(rest, "\n%%\n"));
  return 0;
}
