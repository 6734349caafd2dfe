#pragma once
// RocksDB's own log, the file LOG in a database's folder. RocksDB has a writer for it, which aborts
// the process in builds with assertions (Debian's) at the first line after a failed write: on a
// full disk that would be the end of the gate. This one drops the lines that it cannot write.

#include <rocksdb/env.h>

#include <memory>
#include <string>

namespace tallygate::store {

/// At most 8 MB, and the file before it as LOG.old. Any thread.
std::shared_ptr<::rocksdb::Logger> make_info_log(const std::string& folder);

}  // namespace tallygate::store
