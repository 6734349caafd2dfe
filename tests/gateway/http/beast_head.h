#pragma once
// Beast's basic_parser as a second opinion on a whole head: tests compare it with our own parsers.

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace tallygate::http {

template <bool IsRequest>
class BeastHead final : public boost::beast::http::basic_parser<IsRequest> {
 public:
  /// The fields as feed.h prints them; nothing if Beast refuses the head or wants more.
  static std::optional<std::string> print(std::string_view head) {
    BeastHead parser;
    parser.body_limit(boost::none);
    parser.header_limit(64 * 1024);
    boost::beast::error_code ec;
    parser.put(boost::asio::buffer(head.data(), head.size()), ec);
    if (ec || !parser.is_header_done()) return std::nullopt;
    return parser.fields_;
  }

 private:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;

  void on_field_impl(boost::beast::http::field, string_view name, string_view value,
                     error_code&) override {
    fields_.append("\n").append(name).append("=").append(value);
  }
  void on_request_impl(boost::beast::http::verb, string_view, string_view, int,
                       error_code&) override {}
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view, error_code&) override { return 0; }
  void on_finish_impl(error_code&) override {}

  std::string fields_;
};

}  // namespace tallygate::http
