#include "store/rocksdb/errors.h"

#include <string_view>

namespace tallygate::store {
namespace {

bool says(const std::string& text, std::string_view word) {
  return text.find(word) != std::string::npos;
}

bool is_lock_held(const ::rocksdb::Status& status, const std::string& text) {
  return status.IsIOError() && (says(text, "lock hold by current process") ||
                                (says(text, "lock") && says(text, "temporarily unavailable")));
}

}  // namespace

Error error_of_open(const ::rocksdb::Status& status, const std::string& path,
                    const std::string& database) {
  const std::string text = status.ToString();
  const std::string at = database + " '" + path + "': ";
  if (is_lock_held(status, text)) {
    return make_error(Errc::storage_unavailable,
                      at + "another tallygate has it open; stop that one or choose another "
                           "store.path");
  }
  // A file that the manifest names and that is not there is damage, too.
  if (status.IsCorruption() || status.IsPathNotFound() || says(text, "No such file")) {
    return make_error(Errc::storage_corrupt,
                      at + "it is damaged (" + text +
                          "); restore it from a backup, or start once with "
                          "--quarantine-corrupt: it is moved aside and a new one begins");
  }
  if (status.IsInvalidArgument() || status.IsNotSupported()) {
    return make_error(Errc::storage_corrupt,
                      at + "it is not a " + database + " of this version (" + text +
                          "); use the tallygate that wrote it, or choose another store.path");
  }
  if (status.IsNoSpace()) {
    return make_error(Errc::storage_unavailable, at + "no space left on its disk (" + text + ")");
  }
  return make_error(Errc::storage_unavailable,
                    at + "cannot be opened (" + text +
                        "); the directory must be writable by the user that runs tallygate");
}

StoreTrouble trouble_of(const ::rocksdb::Status& status) {
  if (status.ok()) return StoreTrouble::none;
  if (status.IsNoSpace() ||
      (status.IsIOError() && status.subcode() == ::rocksdb::Status::kSpaceLimit))
    return StoreTrouble::full;
  if (status.IsCorruption()) return StoreTrouble::corrupt;
  return StoreTrouble::refused;
}

Error error_of(const ::rocksdb::Status& status, const std::string& doing,
               const std::string& database) {
  const std::string message =
      database + ": while " + doing + ": " +
      (status.IsTimedOut() ? "it took too long; ask for less, or try again" : status.ToString());
  if (status.IsNotFound()) return make_error(Errc::not_found, message);
  return make_error(status.IsCorruption() ? Errc::storage_corrupt : Errc::storage_unavailable,
                    message);
}

}  // namespace tallygate::store
