#pragma once
// rocksdb::Status -> Error: every RocksDB failure is translated here and nowhere else.

#include <rocksdb/status.h>

#include <string>

#include "base/result.h"
#include "store/store_trouble.h"

namespace tallygate::store {

/// `database` says which one: "journal" or "catalog".
/// What went wrong while opening the one at `path`, and what its operator can do about it.
Error error_of_open(const ::rocksdb::Status& status, const std::string& path,
                    const std::string& database = "journal");

/// What went wrong with an open one. `doing` completes "while ...".
Error error_of(const ::rocksdb::Status& status, const std::string& doing,
               const std::string& database = "journal");

StoreTrouble trouble_of(const ::rocksdb::Status& status);

}  // namespace tallygate::store
