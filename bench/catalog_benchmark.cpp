// A page of 200 of 10,000 documents, all of them by page, and a synced transaction.

#include <benchmark/benchmark.h>

#include <memory>

#include "store/catalog/catalog.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::store {
namespace {

constexpr int kDocuments = 10'000;
constexpr std::uint32_t kPage = 200;

std::string id_of(int n) {
  const std::string digits = std::to_string(n);
  return "01930000-0000-7000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

DocumentWrite document(int n) {
  return {.kind = "ab_test",
          .id = id_of(n),
          .body = std::string(1000, 'x'),
          .index_keys = {"status=running", "modelType=" + std::to_string(n % 2)},
          .unique_keys = {"name=" + std::to_string(n)}};
}

struct Filled {
  Filled() {
    for (int n = 0; n < kDocuments;) {
      Transaction transaction;
      for (int i = 0; i < 500; ++i) transaction.writes.push_back(document(n++));
      catalog->transact(transaction).value();
    }
  }
  tallygate::testing::TemporaryDirectory directory;
  std::unique_ptr<Catalog> catalog = open_catalog(directory / "catalog").value();
};

Filled& filled() {
  static Filled filled;
  return filled;
}

/// Argument: how many index keys filter.
void catalog_page(benchmark::State& state) {
  DocumentQuery query{.kind = "ab_test", .limit = kPage};
  if (state.range(0) > 0) query.index_keys.push_back("status=running");
  if (state.range(0) > 1) query.index_keys.push_back("modelType=1");
  for (auto _ : state) {
    const auto page = filled().catalog->list(query).value();
    query.after = page.has_more ? page.documents.back().id : "";
  }
}
BENCHMARK(catalog_page)->DenseRange(0, 2)->Unit(benchmark::kMillisecond);

void catalog_transact(benchmark::State& state) {
  int n = 0;
  for (auto _ : state) {
    filled().catalog->transact({.writes = {document(n++ % kDocuments)}}).value();
  }
}
BENCHMARK(catalog_transact)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tallygate::store
