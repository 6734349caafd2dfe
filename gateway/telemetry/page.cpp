#include "gateway/telemetry/page.h"

#include <charconv>
#include <utility>

#include "base/assert.h"

namespace tallygate::telemetry {
namespace {

/// Length of the UTF-8 sequence at the front of `text`, 0 if it is none (RFC 3629).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;
  if (lead == 0xED && byte(1) > 0x9F) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

void append_escaped(std::string& out, std::string_view value) {
  while (!value.empty()) {
    const std::size_t length = sequence_length(value);
    if (length == 0) {
      out += '?';
    } else if (value[0] == '\\' || value[0] == '"') {
      out += '\\';
      out += value[0];
    } else if (value[0] == '\n') {
      out += "\\n";
    } else {
      out += value.substr(0, length);
    }
    value.remove_prefix(length == 0 ? 1 : length);
  }
}

std::string_view kind_text(Kind kind, bool openmetrics) {
  switch (kind) {
    case Kind::counter: return "counter";
    case Kind::gauge: return "gauge";
    case Kind::histogram: return "histogram";
    case Kind::info: return openmetrics ? "info" : "gauge";
  }
  return {};
}

std::string_view sample_suffix(Kind kind) {
  if (kind == Kind::counter) return "_total";
  return kind == Kind::info ? "_info" : "";
}

std::string number_text(double value) {
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end.ptr};
}

/// Digits and a point, never an exponent: the same `le` in every format.
std::string bound_text(double bound) {
  std::array<char, 64> buffer;
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), bound, std::chars_format::fixed);
  std::string text(buffer.data(), end.ptr);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

}  // namespace

LabelText& LabelText::add(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  if (!text_.empty()) text_ += ',';
  text_ += name;
  text_ += "=\"";
  append_escaped(text_, value);
  text_ += '"';
  return *this;
}

LabelText& LabelText::add(std::string_view name, std::uint64_t value) {
  return add(name, value == 0 ? std::string() : std::to_string(value));
}

Page::Page(Format format)
    : openmetrics_(format == Format::openmetrics_0_0_1 || format == Format::openmetrics_1_0_0) {}

void Page::family(std::string_view name, Kind kind, std::string_view unit, std::string_view help) {
  name_ = name;
  kind_ = kind;
  const std::string shown = name_ + std::string(openmetrics_ ? "" : sample_suffix(kind));
  out_.append("# HELP ").append(shown).append(" ").append(help).append("\n# TYPE ");
  out_.append(shown).append(" ").append(kind_text(kind, openmetrics_)).append("\n");
  if (openmetrics_ && !unit.empty()) {
    TG_ASSERT(name.ends_with(unit));
    out_.append("# UNIT ").append(name).append(" ").append(unit).append("\n");
  }
}

void Page::sample(std::string_view labels, double value) {
  write_sample(labels, number_text(value));
}

std::string Page::finish() {
  if (openmetrics_) out_ += "# EOF\n";
  return std::exchange(out_, {});
}

void Page::write_sample(std::string_view labels, std::string_view value) {
  write_line(sample_suffix(kind_), labels, value);
}

void Page::write_line(std::string_view suffix, std::string_view labels, std::string_view value) {
  out_.append(name_).append(suffix);
  if (!labels.empty()) out_.append("{").append(labels).append("}");
  out_.append(" ").append(value).append("\n");
}

void Page::write_bucket(std::string_view labels, double bound, std::uint64_t count) {
  out_.append(name_).append("_bucket{").append(labels);
  out_.append(labels.empty() ? "le=\"" : ",le=\"").append(bound_text(bound)).append("\"} ");
  out_.append(std::to_string(count)).append("\n");
}

void Page::write_histogram_end(std::string_view labels, std::uint64_t count, double sum) {
  const std::string total = std::to_string(count);
  out_.append(name_).append("_bucket{").append(labels);
  out_.append(labels.empty() ? "le=\"+Inf\"} " : ",le=\"+Inf\"} ").append(total).append("\n");
  write_line("_sum", labels, number_text(sum));
  write_line("_count", labels, total);
}

}  // namespace tallygate::telemetry
