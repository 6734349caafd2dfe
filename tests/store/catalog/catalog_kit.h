#pragma once
// What the catalog's tests share.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/catalog/catalog_embedded.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::store {

inline WallTime at_second(std::int64_t seconds) { return WallTime{std::chrono::seconds{seconds}}; }

inline DocumentWrite put(const std::string& id, const std::string& body = "{}",
                         std::vector<std::string> index_keys = {},
                         std::vector<std::string> unique_keys = {}) {
  return {.kind = "thing",
          .id = id,
          .body = body,
          .index_keys = std::move(index_keys),
          .unique_keys = std::move(unique_keys)};
}

inline DocumentWrite remove(const std::string& id) { return {.kind = "thing", .id = id}; }

inline Transaction transaction(std::vector<DocumentWrite> writes, std::int64_t second = 1000) {
  return {.writes = std::move(writes), .actor = "ann", .action = "test", .now = at_second(second)};
}

inline std::unique_ptr<Catalog> open(const std::string& path) {
  auto catalog = open_catalog(path);
  if (catalog) return std::move(*catalog);
  ADD_FAILURE() << catalog.error().message;
  return nullptr;
}

inline std::vector<Document> commit(Catalog& catalog, const Transaction& what) {
  auto written = catalog.transact(what);
  if (written) return std::move(*written);
  ADD_FAILURE() << written.error().message;
  return {};
}

inline Errc refusal_of(Catalog& catalog, const Transaction& what) {
  const auto written = catalog.transact(what);
  EXPECT_FALSE(written.has_value());
  return written ? Errc::internal : written.error().code;
}

inline std::string ids_of(const std::vector<Document>& documents) {
  std::string ids;
  for (const Document& document : documents) ids += document.id + " ";
  return ids;
}

inline std::string ids_of(const Catalog& catalog, const DocumentQuery& query) {
  const auto page = catalog.list(query);
  if (!page) return page.error().message;
  return ids_of(page->documents) + (page->has_more ? "..." : "");
}

}  // namespace tallygate::store
