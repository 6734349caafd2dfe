#include "gateway/lifecycle/open_store.h"

#include <fmt/chrono.h>
#include <spdlog/spdlog.h>

#include <filesystem>

#include "store/quarantine.h"

namespace tallygate::lifecycle {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours kForEver{24 * 365 * 100};

bool is_new(const std::string& path) {
  std::error_code ec;
  return !fs::exists(fs::path(path) / "CURRENT", ec);
}

/// One of two that is missing has been lost, or its disk is not mounted.
void tell_of_a_new_one(const char* name, const std::string& path, const std::string& other) {
  if (!is_new(path) || is_new(other)) return;
  spdlog::warn("{} '{}': there is none, though '{}' is there; a new one begins, empty", name, path,
               other);
}

/// Runs `open`; once more after what is damaged at `path` was moved aside, if that is the policy.
template <class Open>
auto open_or_quarantine(const char* name, const std::string& path, WhenCorrupt policy, WallTime now,
                        const Open& open) -> decltype(open()) {
  auto opened = open();
  if (opened.has_value() || opened.error().code != Errc::storage_corrupt ||
      policy == WhenCorrupt::refuse) {
    return opened;
  }
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(now);
  const auto aside = store::quarantine(
      path,
      fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds))));
  if (aside.has_error()) return aside.error();
  spdlog::error("{} is damaged: {}", name, opened.error().message);
  spdlog::error("{} was moved to '{}'; a new one begins, empty", name, *aside);
  return open();
}

store::JournalOptions journal_options(const config::Store& where, const std::string& path,
                                      WhenCorrupt policy) {
  store::JournalOptions options;
  options.path = path;
  options.fsync_interval = where.fsync_interval;
  // 0 = for ever.
  options.retention = where.retention.count() != 0 ? where.retention : kForEver;
  options.index_response_ids = where.index_response_ids;
  options.accept_lost_tail = policy == WhenCorrupt::quarantine;
  return options;
}

}  // namespace

Result<OpenedStore> open_store(const config::Store& where, store::Names& names, WhenCorrupt policy,
                               WallTime now) {
  const std::string journal_path = (fs::path(where.path) / "journal").string();
  const std::string catalog_path = (fs::path(where.path) / "catalog").string();
  tell_of_a_new_one("journal", journal_path, catalog_path);
  tell_of_a_new_one("catalog", catalog_path, journal_path);
  const auto options = journal_options(where, journal_path, policy);
  auto journal = open_or_quarantine("journal", journal_path, policy, now,
                                    [&] { return store::Journal::open(options, names); });
  if (journal.has_error()) return journal.error();
  auto catalog = open_or_quarantine("catalog", catalog_path, policy, now,
                                    [&] { return store::CatalogLease::open(catalog_path); });
  if (catalog.has_error()) return catalog.error();
  return OpenedStore{options, std::move(*journal), std::move(*catalog)};
}

std::string last_words(const store::JournalStatus& status) {
  if (status.dropped == 0) return "stopped; every record is written";
  return fmt::format("stopped; {} records are written, {} are not and {} were lost",
                     status.committed, status.dropped - status.lost, status.lost);
}

}  // namespace tallygate::lifecycle
