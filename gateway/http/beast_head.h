#pragma once
// Beast's basic_parser as a reader of whole heads: the end of the head is known before, and bodies
// never reach it. Private to the two parsers.

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tallygate::http {

/// Beast says what is wrong but not where: `line` is counted from 1, the start line included. Coded
/// as a request's error.
inline Error explain(boost::beast::error_code ec, std::size_t line) {
  using boost::beast::http::error;
  const std::string where = "line " + std::to_string(line) + " of the head: ";
  if (ec == error::bad_field) {
    return make_error(Errc::bad_request,
                      where + "a header is a name of token characters and, at once, a colon");
  }
  if (ec == error::bad_value) {
    return make_error(Errc::bad_request, where + "a control character or a bad list in its value");
  }
  if (ec == error::bad_line_ending) {
    return make_error(Errc::bad_request, where + "a bare CR: lines end in CRLF");
  }
  if (ec == error::bad_content_length || ec == error::multiple_content_length) {
    return make_error(Errc::bad_framing,
                      where +
                          "Content-Length must be one decimal number, sent once, without "
                          "Transfer-Encoding",
                      "content-length");
  }
  if (ec == error::bad_transfer_encoding) {
    return make_error(Errc::bad_framing,
                      where + "Transfer-Encoding must be sent once, without Content-Length",
                      "transfer-encoding");
  }
  return make_error(Errc::bad_request, where + ec.message());
}

/// A parser of one head; the class that derives takes the start line and the fields.
template <bool IsRequest>
class BeastHead : public boost::beast::http::basic_parser<IsRequest> {
 public:
  /// `head` from its start line to its empty line, both included.
  std::optional<Error> parse(std::string_view head) {
    this->body_limit(boost::none);
    this->header_limit(static_cast<std::uint32_t>(head.size() + 1));
    boost::beast::error_code ec;
    const std::size_t parsed = this->put(boost::asio::buffer(head.data(), head.size()), ec);
    if (ec) return explain(ec, lines_ + 1);
    if (parsed != head.size() || !this->is_header_done()) {
      return make_error(Errc::bad_request, "the head ends early");
    }
    return std::nullopt;
  }

 protected:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;

  std::size_t lines_ = 0;  // taken so far

 private:
  void on_request_impl(boost::beast::http::verb, string_view, string_view, int,
                       error_code&) override {
    ++lines_;
  }
  void on_response_impl(int, string_view, int, error_code&) override { ++lines_; }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view, error_code&) override { return 0; }
  void on_finish_impl(error_code&) override {}
};

}  // namespace tallygate::http
