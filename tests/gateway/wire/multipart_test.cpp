#include "gateway/wire/multipart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

namespace tallygate::wire {
namespace {

using namespace std::string_literals;

std::string part(const std::string& head, const std::string& content) {
  return "--b\r\n" + head + "\r\n\r\n" + content + "\r\n";
}

std::string field(const std::string& name, const std::string& content) {
  return part("Content-Disposition: form-data; name=\"" + name + '"', content);
}

std::string file(const std::string& content) {
  return part(
      "Content-Disposition: form-data; name=\"file\"; filename=\"C:\\a;\\\"b.wav\"\r\n"
      "Content-Type: audio/wav",
      content);
}

// In a block of its own size, so that the sanitizer sees any read behind the body.
Result<MultipartFacts> inspect_copy(const std::string& body, std::unique_ptr<char[]>& block) {
  block = std::make_unique<char[]>(body.size());
  std::copy(body.begin(), body.end(), block.get());
  return inspect_multipart({block.get(), body.size()}, "b");
}

void check_refused(const std::string& body, Errc code, std::string_view param = "") {
  std::unique_ptr<char[]> block;
  const Result<MultipartFacts> facts = inspect_copy(body, block);
  ASSERT_FALSE(facts.has_value()) << body;
  EXPECT_EQ(facts.error().code, code) << body << ": " << facts.error().message;
  EXPECT_EQ(facts.error().param, param) << body;
}

void check_model(const std::string& body, std::string_view model) {
  std::unique_ptr<char[]> block;
  const Result<MultipartFacts> facts = inspect_copy(body, block);
  ASSERT_TRUE(facts.has_value()) << body << ": " << facts.error().message;
  EXPECT_EQ(facts->model, model);
  EXPECT_EQ(body.substr(facts->model_value.offset, facts->model_value.size), model);
}

void check_head(const std::string& head) { check_model(part(head, "m") + "--b--", "m"); }

TEST(Multipart, FindsTheFieldsBehindTheFile) {
  const std::string body = file("RIFF") + field("stream", "true") + field("user", "u1") +
                           field("model", "whisper-1") + "--b--\r\n";
  check_model(body, "whisper-1");
  const Result<MultipartFacts> facts = inspect_multipart(body, "b");
  EXPECT_TRUE(facts->stream);
  EXPECT_EQ(facts->user, "u1");
}

TEST(Multipart, KeepsBinaryContentWithFakeBoundariesApart) {
  const std::string binary = "\0\r\n--bc\r\n\r--b\n--b\r\n\r\r\n-\r\n--x--\xFF"s;
  check_model(file(binary) + field("model", "m") + "--b--\r\n", "m");
  check_model(file("") + field("model", "m") + "--b--", "m");
  check_model(file(std::string(100'000, '\r')) + field("model", "a\r\nb") + "--b--", "a\r\nb");
  check_model(file(field("x", "y").substr(3)) + field("model", "m") + "--b--", "m");
}

TEST(Multipart, TakesHeadsInAllTheirForms) {
  check_head("Content-Disposition: form-data; name=model");
  check_head("content-DISPOSITION:form-data;name=\"model\"");
  check_head("Content-Type: text/plain\r\nContent-Disposition: Form-Data ; NAME=\"model\" ; x=y");
  check_head("Content-Disposition: form-data; name=\"model\";");
  check_head("Content-Disposition: form-data; name=\"model\"\r\nContent-Transfer-Encoding: 8bit");
  check_model("\r\n" + field("model", "m") + "--b--", "m");
}

TEST(Multipart, RefusesBadHeads) {
  for (const char* head :
       {"", "Content-Type: text/plain", "Content-Disposition: form-data", "no colon",
        "Content-Disposition: attachment; name=\"model\"", ": x", "a b: c",
        "Content-Disposition: form-data; name=\"model",
        "Content-Disposition: form-data; name=", "Content-Disposition: form-data; name=\"model\" x",
        "Content-Disposition: form-data; name=\"mod\\el\"",
        "Content-Disposition: form-data; name*=utf-8''model",
        "Content-Disposition: form-data; name=\"a\"; name=\"model\"",
        "Content-Disposition: form-data; name=\"model\"\nX: y",
        "Content-Disposition: form-data; name=\"model\"\r\n folded",
        "Content-Disposition: form-data; name=\"a\"\r\n"
        "Content-Disposition: form-data; name=\"model\""}) {
    check_refused(part(head, "m") + "--b--", Errc::invalid_multipart);
  }
  const std::string huge = "Content-Disposition: form-data; name=model\r\nX: ";
  check_head(huge + std::string(kMaxPartHeadBytes - huge.size() - 4, 'x'));
  check_refused(part(huge + std::string(kMaxPartHeadBytes, 'x'), "m") + "--b--",
                Errc::invalid_multipart);
}

TEST(Multipart, RefusesBadFraming) {
  const std::string good = field("model", "m");
  for (const std::string& body :
       {std::string(), std::string("--b"), std::string("--b--extra"), good, good + "--b",
        good + "--b-", good + "--b\r\n", good + "--b --", good + "--b--\r\nx", good + "--b--x",
        "preamble\r\n" + good + "--b--", "\n" + good + "--b--", "--c" + good.substr(3) + "--b--",
        good + "--b \r\n" + good.substr(5) + "--b--", good + "--b\n" + good.substr(5) + "--b--",
        std::string("--b\nContent-Disposition: form-data; name=\"model\"\n\nm\n--b--\n")}) {
    check_refused(body, Errc::invalid_multipart);
  }
  check_refused("--b--", Errc::missing_parameter, "model");
}

TEST(Multipart, RefusesEveryPrefixOfABody) {
  const std::string body = file("x\r\n--") + field("model", "m") + "--b--";
  for (std::size_t size = 0; size < body.size(); ++size) {
    check_refused(body.substr(0, size), Errc::invalid_multipart);
  }
}

TEST(Multipart, RefusesAmbiguousRoutingFields) {
  for (const char* name : {"model", "stream", "user"}) {
    check_refused(field("model", "m") + field("stream", "1") + field("user", "u") +
                      field(name, "1") + "--b--",
                  Errc::invalid_parameter, name);
  }
  check_refused(field("model", "") + "--b--", Errc::invalid_parameter, "model");
  check_refused(field("model", "m") + field("stream", "maybe") + "--b--", Errc::invalid_parameter,
                "stream");
  for (const char* more :
       {"; filename=\"x\"", "; filename*=x", "\r\nContent-Transfer-Encoding: base64"}) {
    check_refused(
        part(std::string("Content-Disposition: form-data; name=\"model\"") + more, "m") + "--b--",
        Errc::invalid_parameter, "model");
  }
  check_refused(field("Model", "m") + "--b--", Errc::missing_parameter, "model");
}

TEST(Multipart, BoundsTheParts) {
  std::string body = field("model", "m");
  for (std::size_t i = 1; i < kMaxParts; ++i) body += field("x", "y");
  check_model(body + "--b--", "m");
  check_refused(body + field("x", "y") + "--b--", Errc::invalid_multipart);
}

TEST(MultipartBoundary, IsReadFromTheContentType) {
  const auto check = [](std::string_view type, std::string_view expected) {
    const Result<std::string_view> boundary = multipart_boundary(type);
    ASSERT_TRUE(boundary.has_value()) << type;
    EXPECT_EQ(*boundary, expected) << type;
  };
  check("multipart/form-data; boundary=abc", "abc");
  check("Multipart/Form-Data;charset=utf-8; BOUNDARY=\"a b:c\"", "a b:c");
  check("multipart/form-data; boundary=" + std::string(70, 'x'), std::string(70, 'x'));
}

TEST(MultipartBoundary, RefusesBadOnes) {
  for (const std::string& type :
       {std::string(), std::string("multipart/form-data"),
        std::string("multipart/mixed; boundary=a"), std::string("multipart/form-data; boundary="),
        std::string("multipart/form-data; boundary=\"\""),
        std::string("multipart/form-data; boundary=\"a \""),
        std::string("multipart/form-data; boundary=\"a"),
        std::string("multipart/form-data; boundary=a; boundary=b"),
        std::string("multipart/form-data; boundary=\"a\\b\""),
        std::string("multipart/form-data; boundary=a\x01"),
        std::string("multipart/form-data boundary=a"),
        "multipart/form-data; boundary=" + std::string(71, 'x')}) {
    const Result<std::string_view> boundary = multipart_boundary(type);
    ASSERT_FALSE(boundary.has_value()) << type;
    EXPECT_EQ(boundary.error().code, Errc::invalid_multipart);
  }
}

}  // namespace
}  // namespace tallygate::wire
