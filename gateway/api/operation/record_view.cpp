#include "gateway/api/operation/record_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gateway/api/shapes/json_text.h"
#include "gateway/api/shapes/timestamps.h"

namespace tallygate::api {
namespace {

using router::Record;

/// A value of a column. `raw` is a JSON value that is not a string.
struct Cell {
  enum class Kind : std::uint8_t { null, raw, text };
  Kind kind = Kind::null;
  std::string value;
};

Cell raw(std::string value) { return {Cell::Kind::raw, std::move(value)}; }
Cell text(std::string_view value) {
  return value.empty() ? Cell{} : Cell{Cell::Kind::text, std::string(value)};
}
Cell number(std::uint64_t value) { return raw(std::to_string(value)); }
Cell boolean(bool value) { return raw(value ? "true" : "false"); }
Cell millis(std::uint32_t micros) { return raw(decimal_text(micros, 3)); }
Cell name(const store::Names& names, router::NameId id) { return text(names.text(id)); }

Cell attempts_of(const Record& record, const store::Names& names) {
  JsonText json;
  json.open('[');
  for (const router::Attempt& attempt : record.attempts) {
    json.open('{');
    json.add_name("route", names.text(attempt.route));
    json.add_name("version", names.text(attempt.version));
    json.add_name("target", names.text(attempt.target));
    json.add_raw("status", attempt.status == 0 ? "null" : std::to_string(attempt.status));
    json.add_name("cause", attempt.failed ? traits_of(attempt.cause).code : std::string_view());
    json.add("start_ms", std::uint64_t{attempt.start_ms});
    json.add("duration_ms", std::uint64_t{attempt.duration_ms});
    json.close('}');
  }
  json.close(']');
  return raw(json.take());
}

Cell error_of(const Record& record) {
  return record.outcome == router::Outcome::ok ? Cell{} : text(traits_of(record.error).code);
}

Cell phase_of(const Record& record) {
  return record.phase == router::Phase::none ? Cell{} : text(to_string(record.phase));
}

/// Why another served than the first choice of the assigned version; null if that one did.
Cell fallback_reason_of(const Record& record) {
  if (record.served_version == 0) return {};
  const bool has_failed = !record.attempts.empty() && record.attempts.front().failed;
  if (record.attempts.size() > 1 && has_failed) {
    return text(traits_of(record.attempts.front().cause).code);
  }
  // Its targets were passed over when the request came.
  return record.served_version != record.assigned_version ? text("benched") : Cell{};
}

struct Column {
  std::string_view name;
  Cell (*cell)(const Record&, const store::Names&);
};

using N = store::Names;
constexpr std::array kColumns{
    Column{"request_id", [](const Record& r, const N&) { return text(to_string(r.id)); }},
    Column{"started", [](const Record& r, const N&) { return text(render_rfc3339(r.started)); }},
    Column{"route", [](const Record& r, const N& n) { return name(n, r.route); }},
    Column{"variant", [](const Record& r, const N&) { return text(variant_name(r.variant)); }},
    Column{"assigned_version",
           [](const Record& r, const N& n) { return name(n, r.assigned_version); }},
    Column{"version", [](const Record& r, const N& n) { return name(n, r.served_version); }},
    Column{"fallback_reason", [](const Record& r, const N&) { return fallback_reason_of(r); }},
    Column{"experiment", [](const Record& r, const N& n) { return name(n, r.experiment); }},
    Column{"epoch",
           [](const Record& r, const N&) { return r.experiment ? number(r.epoch) : Cell{}; }},
    Column{"slot",
           [](const Record& r, const N&) { return r.experiment ? number(r.slot) : Cell{}; }},
    Column{"target", [](const Record& r, const N& n) { return name(n, r.target); }},
    Column{"conversation_type",
           [](const Record& r, const N&) { return text(to_string(r.conversation)); }},
    Column{"status", [](const Record& r, const N&) { return number(r.status); }},
    Column{"outcome", [](const Record& r, const N&) { return text(to_string(r.outcome)); }},
    Column{"error", [](const Record& r, const N&) { return error_of(r); }},
    Column{"phase", [](const Record& r, const N&) { return phase_of(r); }},
    Column{"attempts", [](const Record& r, const N&) { return number(r.attempt_count); }},
    Column{"attempts_detail", [](const Record& r, const N& n) { return attempts_of(r, n); }},
    Column{"latency_ms", [](const Record& r, const N&) { return millis(r.latency_us); }},
    Column{"first_token_ms",
           [](const Record& r, const N&) {
             return r.first_token_us != 0 ? millis(r.first_token_us) : Cell{};
           }},
    Column{"overhead_ms", [](const Record& r, const N&) { return millis(r.overhead_us); }},
    Column{"input_tokens", [](const Record& r, const N&) { return number(r.input_tokens); }},
    Column{"output_tokens", [](const Record& r, const N&) { return number(r.output_tokens); }},
    Column{"cached_tokens", [](const Record& r, const N&) { return number(r.cached_tokens); }},
    Column{"cost_usd",
           [](const Record& r, const N&) { return raw(decimal_text(r.cost_nano_usd, 9)); }},
    Column{"unit_hash",
           [](const Record& r, const N&) {
             return r.unit_hash != 0 ? text(fmt::format("{:016x}", r.unit_hash)) : Cell{};
           }},
    Column{"response_id", [](const Record& r, const N&) { return text(r.response_id); }},
    Column{"tags", [](const Record& r, const N&) { return text(r.tags); }},
    Column{"streamed", [](const Record& r, const N&) { return boolean(r.streamed); }},
    Column{"events", [](const Record& r, const N&) { return number(r.event_count); }},
    Column{"request_bytes", [](const Record& r, const N&) { return number(r.request_bytes); }},
    Column{"response_bytes", [](const Record& r, const N&) { return number(r.response_bytes); }},
    Column{"unacknowledged", [](const Record& r, const N&) { return boolean(r.unacknowledged); }},
    Column{"exceeded", [](const Record& r, const N&) { return boolean(r.exceeded); }},
    Column{"mirrored", [](const Record& r, const N&) { return boolean(r.mirrored); }},
    Column{"mirror_of",
           [](const Record& r, const N&) {
             return r.mirror_of != Uuid{} ? text(to_string(r.mirror_of)) : Cell{};
           }},
};

void append_csv(std::string& out, const Cell& cell) {
  std::string value = cell.value;
  const bool is_formula = cell.kind == Cell::Kind::text &&
                          std::string_view("=+-@\t\r").find(value[0]) != std::string_view::npos;
  if (is_formula) value.insert(0, 1, '\'');
  if (value.find_first_of("\",\r\n") == std::string::npos) {
    out += value;
    return;
  }
  out += '"';
  for (const char c : value) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

std::string variant_name(std::uint8_t variant) {
  if (variant == router::kNoVariant) return {};
  std::string reversed;
  for (int rest = variant; rest >= 0; rest = rest / 26 - 1) {
    reversed += static_cast<char>('a' + rest % 26);
  }
  return {reversed.rbegin(), reversed.rend()};
}

std::string render_record_json(const Record& record, const store::Names& names) {
  JsonText json;
  json.open('{');
  for (const Column& column : kColumns) {
    const Cell cell = column.cell(record, names);
    switch (cell.kind) {
      case Cell::Kind::null: json.add_raw(column.name, "null"); break;
      case Cell::Kind::raw: json.add_raw(column.name, cell.value); break;
      case Cell::Kind::text: json.add(column.name, cell.value); break;
    }
  }
  json.close('}');
  return json.take();
}

std::string render_csv_header() {
  std::string line;
  for (const Column& column : kColumns) {
    if (!line.empty()) line += ',';
    line += column.name;
  }
  return line + "\n";
}

std::string render_record_csv(const Record& record, const store::Names& names) {
  std::string line;
  bool first = true;
  for (const Column& column : kColumns) {
    if (!first) line += ',';
    first = false;
    append_csv(line, column.cell(record, names));
  }
  return line + "\n";
}

}  // namespace tallygate::api
