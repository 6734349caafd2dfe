#pragma once
// The embedded catalog with its options; most callers want open_catalog(path) of catalog.h.

#include <cstddef>
#include <memory>
#include <string>

#include "store/catalog/catalog.h"

namespace rocksdb {
class Env;
}

namespace tallygate::store {

struct CatalogOptions {
  std::string path;  ///< the directory of this database, created if missing
  std::size_t max_remembered_answers = 100'000;  ///< beyond, the oldest go before their 24 h
  rocksdb::Env* env = nullptr;                   ///< where the files are; null = the file system
};

Result<std::unique_ptr<Catalog>> open_embedded_catalog(const CatalogOptions& options);

}  // namespace tallygate::store
