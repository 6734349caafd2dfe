#include "gateway/control/documents.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace tallygate {
namespace {

std::string id_of(const registry::ModelVersion& version) { return version.id; }
std::string id_of(const registry::AbTest& test) { return to_string(test.id); }
std::string id_of(const registry::ClientKey& key) { return key.id; }

template <class T>
using Parse = Result<T> (*)(const store::Document&);

template <class T>
Result<std::shared_ptr<const std::vector<T>>> read_all(const store::Catalog& catalog,
                                                       std::string_view kind, Parse<T> parse) {
  const auto documents = catalog.all(kind);
  if (documents.has_error()) return documents.error();
  auto parsed = std::make_shared<std::vector<T>>();
  for (const store::Document& document : *documents) {
    Result<T> one = parse(document);
    if (one.has_error()) return one.error();
    parsed->push_back(std::move(*one));
  }
  std::ranges::sort(*parsed, {}, [](const T& one) { return id_of(one); });
  return std::shared_ptr<const std::vector<T>>(std::move(parsed));
}

/// `all` with `document` as it is now: readers of the old vector keep it.
template <class T>
void replace(std::shared_ptr<const std::vector<T>>& all, const store::Document& document,
             Parse<T> parse) {
  auto next = std::make_shared<std::vector<T>>(*all);
  const auto at =
      std::ranges::lower_bound(*next, document.id, {}, [](const T& one) { return id_of(one); });
  const bool known = at != next->end() && id_of(*at) == document.id;
  if (document.body.empty()) {
    if (known) next->erase(at);
  } else {
    Result<T> parsed = parse(document);
    if (parsed.has_error()) {
      spdlog::error("catalog: {} {}: {}", document.kind, document.id, parsed.error().message);
      return;
    }
    if (known) {
      *at = std::move(*parsed);
    } else {
      next->insert(at, std::move(*parsed));
    }
  }
  all = std::move(next);
}

}  // namespace

Result<void> Documents::follow(store::Catalog& catalog) {
  catalog.watch([this](const std::vector<store::Document>& written) { note(written); });
  const std::lock_guard lock(mutex_);
  auto versions = read_all<registry::ModelVersion>(catalog, registry::kModelVersionKind,
                                                   registry::model_version_of);
  if (versions.has_error()) return versions.error();
  auto tests = read_all<registry::AbTest>(catalog, registry::kAbTestKind, registry::ab_test_of);
  if (tests.has_error()) return tests.error();
  auto keys =
      read_all<registry::ClientKey>(catalog, registry::kClientKeyKind, registry::client_key_of);
  if (keys.has_error()) return keys.error();
  versions_ = std::move(*versions);
  ab_tests_ = std::move(*tests);
  keys_ = std::move(*keys);
  return {};
}

void Documents::note(const std::vector<store::Document>& written) {
  const std::lock_guard lock(mutex_);
  for (const store::Document& document : written) {
    if (document.kind == registry::kModelVersionKind) {
      replace<registry::ModelVersion>(versions_, document, registry::model_version_of);
    } else if (document.kind == registry::kAbTestKind) {
      replace<registry::AbTest>(ab_tests_, document, registry::ab_test_of);
    } else if (document.kind == registry::kClientKeyKind) {
      replace<registry::ClientKey>(keys_, document, registry::client_key_of);
    }
  }
}

Documents::Versions Documents::versions() const {
  const std::lock_guard lock(mutex_);
  return versions_;
}

Documents::AbTests Documents::ab_tests() const {
  const std::lock_guard lock(mutex_);
  return ab_tests_;
}

Documents::Keys Documents::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

}  // namespace tallygate
