#include "gateway/registry/client_key.h"

#include <algorithm>
#include <stdexcept>

#include "store/catalog/stored_json.h"

namespace tallygate::registry {
namespace {

namespace json = boost::json;
using store::count_of;
using store::read_stored;
using store::text_of;
using store::time_of;

constexpr std::string_view kHex = "0123456789abcdef";

std::string hex_of(const KeyHash& hash) {
  std::string text;
  for (const std::uint8_t byte : hash) {
    text += kHex[byte >> 4];
    text += kHex[byte & 0xF];
  }
  return text;
}

KeyHash hash_of_hex(std::string_view text) {
  KeyHash hash{};
  if (text.size() != 2 * hash.size()) throw std::runtime_error("a hash has 64 digits");
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t digit = kHex.find(text[i]);
    if (digit == std::string_view::npos) throw std::runtime_error("a hash is hexadecimal");
    hash[i / 2] = static_cast<std::uint8_t>(std::size_t{hash[i / 2]} << 4 | digit);
  }
  return hash;
}

json::object secret_value(const KeySecret& secret) {
  return {
      {"hash", hex_of(secret.hash)}, {"pepper", secret.pepper_id}, {"lastFour", secret.last_four}};
}

KeySecret read_secret(const json::object& body) {
  return {hash_of_hex(text_of(body, "hash")), text_of(body, "pepper"), text_of(body, "lastFour")};
}

ClientKey read_body(const json::object& body) {
  ClientKey key;
  key.name = text_of(body, "name");
  const auto role = parse_key_role(text_of(body, "role"));
  if (!role) throw std::runtime_error("the role is none");
  key.role = *role;
  for (const json::value& route : body.at("routes").as_array()) {
    key.routes.emplace_back(route.as_string());
  }
  key.requests_per_minute = count_of(body, "requestsPerMinute");
  key.tokens_per_minute = count_of(body, "tokensPerMinute");
  key.concurrency = static_cast<std::uint32_t>(count_of(body, "concurrency"));
  if (body.contains("expires")) key.expires = time_of(body, "expires");
  key.secret = read_secret(body.at("secret").as_object());
  if (body.contains("previous")) {
    key.previous = read_secret(body.at("previous").as_object());
    key.previous_until = time_of(body, "previousUntil");
  }
  return key;
}

}  // namespace

std::string_view to_text(KeyRole role) { return kKeyRoles[static_cast<std::size_t>(role)]; }

std::optional<KeyRole> parse_key_role(std::string_view text) {
  const auto found = std::find(std::begin(kKeyRoles), std::end(kKeyRoles), text);
  if (found == std::end(kKeyRoles)) return std::nullopt;
  return static_cast<KeyRole>(found - std::begin(kKeyRoles));
}

std::string to_body(const ClientKey& key) {
  json::object body;
  body["name"] = key.name;
  body["role"] = std::string(to_text(key.role));
  json::array& routes = body["routes"].emplace_array();
  for (const std::string& route : key.routes) routes.emplace_back(route);
  body["requestsPerMinute"] = key.requests_per_minute;
  body["tokensPerMinute"] = key.tokens_per_minute;
  body["concurrency"] = key.concurrency;
  if (key.expires) body["expires"] = micros_since_epoch(*key.expires);
  body["secret"] = secret_value(key.secret);
  if (key.previous) {
    body["previous"] = secret_value(*key.previous);
    body["previousUntil"] = micros_since_epoch(key.previous_until);
  }
  return json::serialize(body);
}

Result<ClientKey> client_key_of(const store::Document& document) {
  auto key = read_stored<ClientKey>(document, read_body);
  if (!key) return key;
  key->id = document.id;
  key->revision = document.revision;
  key->created = document.created;
  key->updated = document.updated;
  return key;
}

store::DocumentWrite write_of(const ClientKey& key) {
  store::DocumentWrite write;
  write.kind = kClientKeyKind;
  write.id = key.id;
  write.body = to_body(key);
  write.unique_keys = {"name=" + key.name};
  write.expected_revision = key.revision;
  return write;
}

std::string body_without_secrets(const std::string& body) {
  boost::system::error_code failed;
  json::value value = json::parse(body, failed);
  if (failed || !value.is_object()) return "{}";
  for (const char* name : {"secret", "previous"}) {
    json::value* secret = value.get_object().if_contains(name);
    if (secret == nullptr || !secret->is_object()) continue;
    secret->get_object().erase("hash");
    secret->get_object().erase("pepper");
  }
  return json::serialize(value);
}

}  // namespace tallygate::registry
