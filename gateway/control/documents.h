#pragma once
// The catalog's documents that routing depends on, parsed once and kept in step with every write:
// what is built from them each second never reads the database. Thread-safe.

#include <memory>
#include <mutex>
#include <vector>

#include "gateway/registry/client_key.h"
#include "gateway/registry/experiments/ab_test.h"
#include "gateway/registry/model_version.h"
#include "store/catalog/catalog.h"

namespace tallygate {

class Documents {
 public:
  using Versions = std::shared_ptr<const std::vector<registry::ModelVersion>>;
  using AbTests = std::shared_ptr<const std::vector<registry::AbTest>>;
  using Keys = std::shared_ptr<const std::vector<registry::ClientKey>>;

  /// Reads all there are and follows the catalog from then on; the catalog must call nobody once
  /// this is gone. Errors: what the catalog says, storage_corrupt.
  Result<void> follow(store::Catalog& catalog);

  /// As of the last write, in the order of their ids.
  Versions versions() const;
  AbTests ab_tests() const;
  Keys keys() const;

 private:
  void note(const std::vector<store::Document>& written);

  mutable std::mutex mutex_;
  Versions versions_ = std::make_shared<std::vector<registry::ModelVersion>>();
  AbTests ab_tests_ = std::make_shared<std::vector<registry::AbTest>>();
  Keys keys_ = std::make_shared<std::vector<registry::ClientKey>>();
};

}  // namespace tallygate
