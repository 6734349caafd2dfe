#include "config/yaml/interpolate.h"

#include <fmt/format.h>

#include "config/yaml/scalars.h"
#include "config/yaml/unicode.h"

namespace tallygate::config::yaml {
namespace {

constexpr std::size_t kMaxValueBytes = 64 * 1024;

Error wrong(std::string message) { return make_error(Errc::config_invalid, std::move(message)); }

bool is_variable_name(std::string_view name) {
  if (name.empty() || is_digit(name.front())) return false;
  for (const char c : name) {
    if (!is_letter(c) && !is_digit(c) && c != '_') return false;
  }
  return true;
}

Result<std::string> variable(std::string_view reference, const Surroundings& surroundings) {
  const std::size_t separator = reference.find(":-");
  const std::string name{reference.substr(0, separator)};
  if (!is_variable_name(name)) {
    return wrong(fmt::format("`{}` is not the name of an environment variable", excerpt(name)));
  }
  auto value = surroundings.env ? surroundings.env(name) : std::nullopt;
  if (separator != std::string_view::npos) {
    if (!value || value->empty()) return std::string{reference.substr(separator + 2)};
  } else if (!value) {
    return wrong(
        fmt::format("the environment variable {0} is not set; set it, or give a default: "
                    "${{env:{0}:-default}}",
                    name));
  }
  return std::move(*value);
}

Result<std::string> file_content(std::string_view path, const Surroundings& surroundings) {
  if (!path.starts_with('/')) return wrong("${file:...} needs an absolute path");
  auto value = surroundings.file ? surroundings.file(std::string(path)) : std::nullopt;
  if (!value)
    return wrong(
        fmt::format("the file {} cannot be read; it must be a regular file that the gate may read",
                    excerpt(path)));
  if (value->ends_with('\n')) value->pop_back();
  if (value->ends_with('\r')) value->pop_back();
  return std::move(*value);
}

Result<std::string> resolve(std::string_view reference, const Surroundings& surroundings) {
  if (reference.starts_with("env:")) return variable(reference.substr(4), surroundings);
  if (reference.starts_with("file:")) return file_content(reference.substr(5), surroundings);
  // What is between the braces may be a secret that was put there by mistake: not repeated here.
  return wrong(
      "`${` must go on as ${env:NAME}, ${env:NAME:-default} or ${file:/path}; write $$ for "
      "a dollar sign");
}

}  // namespace

Result<Interpolated> interpolate(std::string_view text, const Surroundings& surroundings) {
  Interpolated out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("$$")) {
      out.text += '$';
      at += 2;
    } else if (rest.starts_with("${")) {
      const std::size_t end = rest.find('}');
      if (end == std::string_view::npos)
        return wrong("`${` has no `}`; write $$ for a dollar sign");
      auto value = resolve(rest.substr(2, end - 2), surroundings);
      if (!value) return value.error();
      out.text += *value;
      out.changed = true;
      at += end + 1;
    } else {
      out.text += text[at++];
    }
    if (out.changed && out.text.size() > kMaxValueBytes) {
      return wrong(fmt::format("the value is longer than {} bytes", kMaxValueBytes));
    }
  }
  if (out.changed && first_bad_byte(out.text) != std::string_view::npos) {
    return wrong("the value is not UTF-8 text without control characters");
  }
  return out;
}

std::optional<std::string> sole_reference(std::string_view text) {
  if (!text.starts_with("${") || text.find('}') != text.size() - 1) return std::nullopt;
  text = text.substr(2, text.size() - 3);
  const bool env = text.starts_with("env:");
  if (env && text.ends_with(":-")) text.remove_suffix(2);
  if (env && text.find(":-") != std::string_view::npos) return std::nullopt;
  if (!env && !text.starts_with("file:/")) return std::nullopt;
  return std::string(text);
}

std::string escape_dollars(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '$') out += '$';
  }
  return out;
}

}  // namespace tallygate::config::yaml
