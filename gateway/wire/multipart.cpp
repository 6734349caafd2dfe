#include "gateway/wire/multipart.h"

#include <string.h>

#include <algorithm>
#include <string>

#include "gateway/wire/header_parameters.h"

namespace tallygate::wire {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::size_t kMaxBoundaryBytes = 70;  // RFC 2046

Error multipart_error(std::string message) {
  return make_error(Errc::invalid_multipart, std::move(message));
}

Error field_error(std::string_view field, std::string_view what) {
  return make_error(Errc::invalid_parameter, '"' + std::string(field) + "\" " + std::string(what),
                    std::string(field));
}

bool is_boundary(std::string_view text) {
  if (text.empty() || text.size() > kMaxBoundaryBytes || text.back() == ' ') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("'()+_,-./:=? ").find(c) != npos;
  });
}

// memmem rather than string_view::find: files are large and full of CRs.
std::size_t find_bytes(std::string_view text, std::string_view needle) {
  const void* found = ::memmem(text.data(), text.size(), needle.data(), needle.size());
  return found ? static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) : npos;
}

struct PartHead {
  std::string_view name;
  bool has_disposition = false;
  bool is_file = false;
  bool is_encoded = false;
};

bool read_disposition(std::string_view value, PartHead& head) {
  HeaderParameters parameters(value);
  HeaderParameter parameter;
  bool named = false;
  if (head.has_disposition || !equals_ignoring_ascii_case(parameters.token(), "form-data")) {
    return false;
  }
  while (parameters.next(parameter)) {
    if (equals_ignoring_ascii_case(parameter.name, "name")) {
      if (named || parameter.escaped) return false;
      named = true;
      head.name = parameter.value;
    } else if (equals_ignoring_ascii_case(parameter.name, "name*")) {
      return false;  // RFC 7578 section 4.2 forbids it, and some parsers prefer it
    } else if (equals_ignoring_ascii_case(parameter.name, "filename") ||
               equals_ignoring_ascii_case(parameter.name, "filename*")) {
      head.is_file = true;
    }
  }
  head.has_disposition = true;
  return named && parameters.ok();
}

bool read_header_line(std::string_view line, PartHead& head) {
  const std::size_t colon = line.find(':');
  if (colon == npos || !is_token(line.substr(0, colon))) return false;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim_blanks(line.substr(colon + 1));
  if (std::any_of(value.begin(), value.end(),
                  [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7F; })) {
    return false;
  }
  if (equals_ignoring_ascii_case(name, "content-disposition")) return read_disposition(value, head);
  if (equals_ignoring_ascii_case(name, "content-transfer-encoding")) {
    head.is_encoded = !equals_ignoring_ascii_case(value, "binary") &&
                      !equals_ignoring_ascii_case(value, "8bit") &&
                      !equals_ignoring_ascii_case(value, "7bit");
  }
  return true;
}

// `text` ends with the CRLF of its last line.
bool read_part_head(std::string_view text, PartHead& head) {
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    if (end == npos || !read_header_line(text.substr(0, end), head)) return false;
    text.remove_prefix(end + 2);
  }
  return head.has_disposition;
}

// One pass over one body.
class Reading {
 public:
  Reading(std::string_view body, std::string_view boundary)
      : body_(body), delimiter_("\r\n--" + std::string(boundary)) {}

  Result<MultipartFacts> run() {
    if (body_.starts_with("\r\n")) at_ = 2;
    if (!rest().starts_with(std::string_view(delimiter_).substr(2))) {
      return multipart_error("the multipart body does not start with its boundary");
    }
    at_ += delimiter_.size() - 2;
    for (std::size_t part = 0; !rest().starts_with("--"); ++part) {
      if (part == kMaxParts) {
        return multipart_error("the multipart body has more than " + std::to_string(kMaxParts) +
                               " parts");
      }
      Result<void> read = read_part();
      if (!read) return read.error();
    }
    if (rest() != "--" && rest() != "--\r\n") {
      return multipart_error("bytes follow the closing boundary of the multipart body");
    }
    if (!facts_.model_value.present()) {
      return make_error(Errc::missing_parameter, "the form has no field \"model\"", "model");
    }
    return facts_;
  }

 private:
  std::string_view rest() const { return body_.substr(at_); }

  // From behind a delimiter to behind the next one.
  Result<void> read_part() {
    if (!rest().starts_with("\r\n")) {
      return multipart_error("a boundary at byte " + std::to_string(at_) +
                             " is not followed by CRLF or \"--\"");
    }
    at_ += 2;
    const std::size_t head_bytes = rest().substr(0, kMaxPartHeadBytes).find("\r\n\r\n");
    PartHead head;
    if (head_bytes == npos || !read_part_head(rest().substr(0, head_bytes + 2), head)) {
      return multipart_error("a part head at byte " + std::to_string(at_) +
                             " is malformed, too large or without a field name");
    }
    at_ += head_bytes + 4;
    Span content{at_, 0};
    if (!find_delimiter()) return multipart_error("the multipart body has no closing boundary");
    content.size = at_ - delimiter_.size() - content.offset;
    return read_field(head, content);
  }

  // Moves behind the delimiter that ends the content. One that is followed by something else than
  // CRLF, "--" or what only lenient parsers accept there is content.
  bool find_delimiter() {
    for (;;) {
      const std::size_t found = find_bytes(rest(), delimiter_);
      if (found == npos) return false;
      at_ += found + delimiter_.size();
      if (rest().empty()) return false;
      if (std::string_view("\r\n\t -").find(rest().front()) != npos) return true;
    }
  }

  Result<void> read_field(const PartHead& head, Span content) {
    const std::string_view value = body_.substr(content.offset, content.size);
    const bool model = head.name == "model";
    const bool stream = head.name == "stream";
    if (!model && !stream && head.name != "user") return {};
    bool& seen = model ? seen_model_ : stream ? seen_stream_ : seen_user_;
    if (seen) return field_error(head.name, "is given more than once");
    seen = true;
    if (head.is_file || head.is_encoded) {
      return field_error(head.name, "must be a plain field, not a file and not encoded");
    }
    if (model && value.empty()) return field_error(head.name, "must not be empty");
    if (model) {
      facts_.model = value;
      facts_.model_value = content;
    } else if (stream) {
      return read_stream(value);
    } else {
      facts_.user = value;
    }
    return {};
  }

  Result<void> read_stream(std::string_view value) {
    facts_.stream = value == "true" || value == "True" || value == "1";
    const bool off = value == "false" || value == "False" || value == "0" || value.empty();
    if (!facts_.stream && !off) return field_error("stream", "must be true or false");
    return {};
  }

  std::string_view body_;
  std::string delimiter_;
  std::size_t at_ = 0;
  MultipartFacts facts_;
  bool seen_model_ = false;
  bool seen_stream_ = false;
  bool seen_user_ = false;
};

}  // namespace

Result<std::string_view> multipart_boundary(std::string_view content_type) {
  HeaderParameters parameters(content_type);
  if (!equals_ignoring_ascii_case(parameters.token(), "multipart/form-data")) {
    return multipart_error("the Content-Type is not multipart/form-data");
  }
  HeaderParameter parameter;
  std::string_view boundary;
  std::size_t count = 0;
  while (parameters.next(parameter)) {
    if (!equals_ignoring_ascii_case(parameter.name, "boundary")) continue;
    boundary = parameter.value;
    ++count;
  }
  if (!parameters.ok() || count != 1 || !is_boundary(boundary)) {
    return multipart_error("the Content-Type needs exactly one boundary of 1 to 70 characters");
  }
  return boundary;
}

Result<MultipartFacts> inspect_multipart(std::string_view body, std::string_view boundary) {
  if (!is_boundary(boundary)) return multipart_error("the boundary is not valid");
  return Reading(body, boundary).run();
}

}  // namespace tallygate::wire
