#include "gateway/upstream/upstream_target.h"

#include <gtest/gtest.h>

namespace tallygate {
namespace {

Result<std::shared_ptr<const UpstreamTarget>> make(const config::Target& settings) {
  store::Names names;
  return make_upstream_target("backend", settings, 5, 123, names);
}

std::string addresses_of(const UpstreamTarget& target) {
  const auto known = target.addresses.load();
  if (known == nullptr) return "unresolved";
  std::string text;
  for (const auto& address : *known) {
    text += address.address().to_string() + " " + std::to_string(address.port());
  }
  return text;
}

/// host|port|Host header|base path|addresses|plain or tls
void check(const std::string& url, const std::string& expected) {
  config::Target settings;
  settings.url = url;
  const auto made = make(settings);
  ASSERT_TRUE(made.has_value()) << url << ": " << made.error().message;
  const UpstreamTarget& t = **made;
  EXPECT_EQ(t.host + "|" + std::to_string(t.port) + "|" + t.host_header + "|" + t.base_path + "|" +
                addresses_of(t) + "|" + (t.tls == nullptr ? "plain" : "tls"),
            expected)
      << url;
}

TEST(UpstreamTarget, TakesItsUrlApart) {
  check("http://vllm:8000/v1", "vllm|8000|vllm:8000|/v1|unresolved|plain");
  check("http://vllm:8000/v1/", "vllm|8000|vllm:8000|/v1|unresolved|plain");
  check("http://vllm", "vllm|80|vllm||unresolved|plain");
  check("http://vllm/", "vllm|80|vllm||unresolved|plain");
  check("http://vllm:80", "vllm|80|vllm||unresolved|plain");
  check("http://vllm:443", "vllm|443|vllm:443||unresolved|plain");
  check("https://api.openai.com/v1", "api.openai.com|443|api.openai.com|/v1|unresolved|tls");
  check("https://h:443/a/b%20c", "h|443|h|/a/b%20c|unresolved|tls");
  check("https://h:80", "h|80|h:80||unresolved|tls");
  check("http://10.1.2.3:9/v1", "10.1.2.3|9|10.1.2.3:9|/v1|10.1.2.3 9|plain");
  check("http://[::1]:8080/v1", "::1|8080|[::1]:8080|/v1|::1 8080|plain");
  check("http://[2001:db8::7]", "2001:db8::7|80|[2001:db8::7]||2001:db8::7 80|plain");
}

TEST(UpstreamTarget, NamesItselfWhenItsSettingsAreBad) {
  for (const char* url : {"", "no url", "http://h h/", "/v1", "http://1.2.3.4.com/", "http://u@h/",
                          "http://0x7f.1/", "http://h/#f", "http://h/v1//"}) {
    config::Target settings;
    settings.url = url;
    const auto made = make(settings);
    ASSERT_TRUE(made.has_error()) << url;
    EXPECT_EQ(made.error().code, Errc::config_invalid);
    EXPECT_NE(made.error().message.find("backend"), std::string::npos) << made.error().message;
  }
  config::Target settings;
  settings.url = "https://h";
  settings.ca_file = "/nonexistent/ca.pem";
  const auto made = make(settings);
  ASSERT_TRUE(made.has_error());
  EXPECT_NE(made.error().message.find("backend"), std::string::npos) << made.error().message;
  EXPECT_NE(made.error().message.find("/nonexistent/ca.pem"), std::string::npos)
      << made.error().message;
}

TEST(UpstreamTarget, SendsTheCredentialAsItsProtocolWants) {
  config::Target settings;
  settings.url = "http://h";
  EXPECT_EQ((*make(settings))->credential, "");
  settings.api_key.value = "sk-1";
  EXPECT_EQ((*make(settings))->credential, "Authorization: Bearer sk-1\r\n");
  settings.protocol = config::Protocol::anthropic;
  EXPECT_EQ((*make(settings))->credential, "x-api-key: sk-1\r\n");
}

TEST(UpstreamTarget, PreparesWhatEachRequestNeeds) {
  store::Names names;
  config::Target settings;
  settings.url = "http://h:1/v1";
  settings.model = "org/\"llama\"";
  const auto target = *make_upstream_target("backend", settings, 5, 123, names);
  EXPECT_EQ(target->slot, 5U);
  EXPECT_EQ(names.text(target->name), "backend");
  EXPECT_EQ(names.text(target->address_name), "h");
  EXPECT_EQ(names.text(target->model_name), "org/\"llama\"");
  EXPECT_EQ(target->model_literal, R"("org/\"llama\"")");
  EXPECT_EQ(target->max_connections, 123U);
  settings.max_connections = 4;
  EXPECT_EQ((*make_upstream_target("backend", settings, 5, 123, names))->max_connections, 4U);
}

}  // namespace
}  // namespace tallygate
