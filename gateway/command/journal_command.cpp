#include "gateway/command/journal_command.h"

#include <optional>

#include "gateway/api/operation/record_view.h"
#include "gateway/api/shapes/timestamps.h"
#include "store/journal/reading/journal_reader.h"

namespace tallygate {
namespace {

constexpr std::size_t kFlushBytes = 64 * 1024;

int fail(const Console& console, const std::string& message) {
  console.err("tallygate journal: " + message + "\n");
  return kExitFailed;
}

/// Lines on their way out, in pieces large enough to be cheap.
class Lines {
 public:
  explicit Lines(const Output& out) : out_(out) {}

  bool write(std::string_view line) {
    pending_ += line;
    return pending_.size() < kFlushBytes || flush();
  }
  bool flush() {
    const bool written = pending_.empty() || out_(pending_);
    pending_.clear();
    return written;
  }

 private:
  const Output& out_;
  std::string pending_;
};

/// Reads a bound into `bound`; false when the text is no point in time.
bool read_bound(const std::string& text, WallTime now, std::optional<WallTime>& bound) {
  if (text.empty()) return true;
  bound = api::parse_moment(text, now);
  return bound.has_value();
}

std::string render(const router::Record& record, const store::Names& names, RecordFormat format) {
  if (format == RecordFormat::csv) return api::render_record_csv(record, names);
  return api::render_record_json(record, names) + "\n";
}

}  // namespace

int print_journal(const JournalCommand& command, const Console& console) {
  store::JournalFilter filter;
  filter.route = command.route;
  for (const auto& [text, option, bound] : {std::tuple{&command.since, "--since", &filter.since},
                                            std::tuple{&command.until, "--until", &filter.until}}) {
    if (!read_bound(*text, console.now, *bound)) {
      console.err(std::string("tallygate journal: ") + option + " '" + *text +
                  "' is no point in time: write 2026-11-21T08:00:00Z, or 1h for an hour ago\n");
      return kExitUsage;
    }
  }
  const auto reader = store::JournalReader::open(command.path + "/journal");
  if (!reader) return fail(console, reader.error().message);

  Lines lines(console.out);
  if (command.format == RecordFormat::csv) lines.write(api::render_csv_header());
  std::uint64_t printed = 0;
  const auto scanned = (*reader)->scan(filter, [&](const router::Record& record) {
    const std::string line = render(record, (*reader)->names(), command.format);
    return lines.write(line) && ++printed != command.limit;
  });
  lines.flush();
  return scanned ? kExitOk : fail(console, scanned.error().message);
}

}  // namespace tallygate
