#pragma once
// The admin API over a catalog in memory: a clock that tests set, ids in order, and what was
// published and announced.

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>
#include <utility>
#include <vector>

#include "gateway/api/admin.h"
#include "gateway/api/shapes/fields.h"
#include "tests/support/memory_catalog.h"

namespace tallygate::api {

struct AdminKit {
  config::Settings settings;
  store::Names names;
  tallygate::testing::MemoryCatalog catalog;
  AdminContext context{.settings = settings, .names = names, .version = "1.2.3"};
  int published = 0;
  std::vector<std::pair<std::string, std::string>> events;
  std::vector<std::pair<std::string, std::string>> headers;  ///< of the next requests
  std::string content_type = "application/json";

  AdminKit() {
    context.catalog = &catalog;
    context.now = WallTime{std::chrono::seconds{1'795'248'000}};  // 2026-11-21T08:00:00Z
    context.actor = "ann";
    context.make_id = [this] { return make_uuid_v7(context.now, 0, ++ids_ << 2); };
    context.publish = [this]() -> Result<void> {
      ++published;
      return {};
    };
    context.announce = [this](std::string_view name, const std::string& data) {
      events.emplace_back(std::string(name), data);
    };
  }

  AdminResponse ask(http::Method method, std::string_view target, std::string_view body = {}) {
    context.now += std::chrono::seconds{1};
    return answer_admin({head_of(method, target), body, "req-1"}, context);
  }
  AdminResponse get(std::string_view target) { return ask(http::Method::get, target); }
  AdminResponse post(std::string_view target, std::string_view body = {}) {
    return ask(http::Method::post, target, body);
  }
  AdminResponse put(std::string_view target, std::string_view body) {
    return ask(http::Method::put, target, body);
  }
  AdminResponse remove(std::string_view target) { return ask(http::Method::delete_, target); }

  const http::RequestHead& head_of(http::Method method, std::string_view target) {
    head_ = {};
    head_.method = method;
    head_.method_text = method == http::Method::get       ? "GET"
                        : method == http::Method::post    ? "POST"
                        : method == http::Method::put     ? "PUT"
                        : method == http::Method::delete_ ? "DELETE"
                                                          : "OTHER";
    head_.host = "127.0.0.1:8081";
    head_.target = target;
    head_.path = target.substr(0, target.find('?'));
    if (head_.path.size() < target.size()) head_.query = target.substr(head_.path.size() + 1);
    head_.content_type = content_type;
    for (const auto& [name, value] : headers) head_.fields.push_back({name, value});
    return head_;
  }

 private:
  http::RequestHead head_;
  std::uint64_t ids_ = 0;
};

inline boost::json::value json_of(const AdminResponse& response) {
  boost::system::error_code failed;
  auto value = boost::json::parse(response.body, failed);
  EXPECT_FALSE(failed) << response.body;
  return value;
}

/// A member of the answer, by its path: "data.0.id". Strings come without quotes; absent is "-".
inline std::string member_of(const AdminResponse& response, std::string_view path) {
  boost::json::value value = json_of(response);
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    if (value.is_array()) {
      const auto index = static_cast<std::size_t>(std::stoul(std::string(part)));
      if (index >= value.get_array().size()) return "-";
      value = boost::json::value(value.get_array()[index]);
    } else {
      if (!value.is_object()) return "-";
      const auto* member = value.get_object().if_contains({part.data(), part.size()});
      if (member == nullptr) return "-";
      value = boost::json::value(*member);
    }
  }
  if (!value.is_string()) return boost::json::serialize(value);
  return {value.get_string().data(), value.get_string().size()};
}

inline std::string header_of(const AdminResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

/// An error has its status, its four keys, and says `words`.
inline void expect_error(const AdminResponse& response, unsigned status, std::string_view code,
                         std::string_view words = {}) {
  EXPECT_EQ(response.status, status) << response.body;
  EXPECT_EQ(member_of(response, "error.code"), code) << response.body;
  for (const char* key : {"error.message", "error.type", "error.param"}) {
    EXPECT_NE(member_of(response, key), "-") << response.body;
  }
  EXPECT_NE(member_of(response, "error.message").find(words), std::string::npos) << response.body;
}

/// A success whose body is what `fields` promises.
inline void expect_answer(const AdminResponse& response, unsigned status, const Fields& fields) {
  EXPECT_EQ(response.status, status) << response.body;
  const Result<void> fits = check_answer(response.body, fields);
  EXPECT_TRUE(fits.has_value()) << fits.error().message << " in " << response.body;
}

}  // namespace tallygate::api
