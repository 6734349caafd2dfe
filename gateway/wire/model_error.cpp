#include "gateway/wire/model_error.h"

namespace tallygate::wire {
namespace {

std::string_view skip_space(std::string_view text) {
  const std::size_t at = text.find_first_not_of(" \t\r\n");
  return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

}  // namespace

bool says_model_not_found(std::string_view json) {
  constexpr std::string_view kKey = "\"code\"";
  for (std::size_t at = json.find(kKey); at != std::string_view::npos; at = json.find(kKey, at)) {
    at += kKey.size();
    std::string_view rest = skip_space(json.substr(at));
    if (!rest.starts_with(':')) continue;
    rest = skip_space(rest.substr(1));
    if (rest.starts_with("\"model_not_found\"")) return true;
  }
  return false;
}

}  // namespace tallygate::wire
