#include "config/load.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "config/check.h"
#include "config/tables.h"
#include "config/yaml/codec.h"
#include "config/yaml/render.h"
#include "config/yaml/tree.h"

namespace tallygate::config {
namespace {

constexpr std::size_t kMaxIncludedBytes = 64 * 1024;

constexpr Duration Timeouts::*kTimeouts[] = {
    &Timeouts::connect,        &Timeouts::first_token, &Timeouts::response_head,
    &Timeouts::idle,           &Timeouts::total,       &Timeouts::stream_total,
    &Timeouts::write_progress, &Timeouts::pool_idle,   &Timeouts::client_headers,
    &Timeouts::client_body,    &Timeouts::client_idle, &Timeouts::drain};
static_assert(sizeof(Timeouts) == sizeof(Duration) * std::size(kTimeouts));

/// Opening a pipe may wait for ever; only what the shell itself hands over under /dev is sure to
/// end.
bool may_be_opened(const std::string& path) {
  std::error_code ignored;
  const auto kind = std::filesystem::status(path, ignored).type();
  if (kind == std::filesystem::file_type::directory) return false;
  return kind == std::filesystem::file_type::regular || path.starts_with("/dev/");
}

/// Up to `max` + 1 bytes, so that the reader of the text sees that it is too long.
std::optional<std::string> read_bounded(const std::string& path, std::size_t max) {
  if (!may_be_opened(path)) return std::nullopt;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  std::string text(max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return std::nullopt;
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

/// What a route leaves out, it takes from the general timeouts.
void merge_timeouts(Settings& settings, const yaml::Decoder& decoder) {
  for (auto& [name, route] : settings.routes) {
    if (!route.timeouts) continue;
    for (const auto member : kTimeouts) {
      Duration& own = (*route.timeouts).*member;
      if (!decoder.given(own)) own = settings.timeouts.*member;
    }
  }
}

}  // namespace

std::string to_string(const Problem& problem) {
  return fmt::format("{}:{}:{}: {}", problem.file, problem.line, problem.column, problem.message);
}

Surroundings real_surroundings() {
  return {[](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str());
            if (value == nullptr) return std::nullopt;
            return value;
          },
          [](const std::string& path) { return read_bounded(path, kMaxIncludedBytes); }};
}

Loaded parse(std::string_view text, const std::string& file, const Surroundings& surroundings) {
  Loaded loaded;
  yaml::Tree tree = yaml::parse_tree(text, file);
  if (tree.root == nullptr) {
    loaded.problems = std::move(tree.problems);
    return loaded;
  }
  yaml::Decoder decoder(file, surroundings);
  decoder.read(settings_codec(), *tree.root, loaded.settings);
  merge_timeouts(loaded.settings, decoder);
  check_settings(loaded.settings, decoder);
  loaded.problems = decoder.take_problems();
  return loaded;
}

std::optional<std::string> read_text(const std::string& path) {
  return read_bounded(path, yaml::kMaxTextBytes);
}

Loaded load_file(const std::string& path) {
  auto text = read_text(path);
  Loaded loaded;
  if (text) {
    loaded = parse(*text, path, real_surroundings());
    loaded.text = std::move(*text);
    return loaded;
  }
  loaded.problems.push_back(
      {path, 0, 0, "the file cannot be read; it must be a regular file that the gate may read"});
  return loaded;
}

std::string print_redacted(const Settings& settings) {
  return yaml::render_yaml(settings_codec().print(settings));
}

std::string print_schema() {
  const boost::json::object& table = settings_codec().schema;
  boost::json::object schema{
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title", "Tallygate configuration"},
      {"description",
       "Unknown and duplicate keys are errors. Durations: 250ms 5s 10m 1h 30d. "
       "Sizes: 64KiB 8MiB, plain numbers are bytes."}};
  for (const auto& member : table) schema[member.key()] = member.value();
  schema["$defs"] = yaml::shared_schemas();
  return yaml::render_json(schema);
}

}  // namespace tallygate::config
