#include "store/catalog/catalog_lease.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "tests/support/temporary_directory.h"

namespace tallygate::store {
namespace {

Transaction write_of(const std::string& id) {
  Transaction transaction;
  transaction.actor = "test";
  transaction.action = "create";
  DocumentWrite write;
  write.kind = "thing";
  write.id = id;
  write.body = "{}";
  transaction.writes.push_back(std::move(write));
  return transaction;
}

TEST(CatalogLease, LetsAnotherOpenWhatWasReleased) {
  const testing::TemporaryDirectory directory;
  const auto lease = CatalogLease::open(directory / "catalog").value();
  ASSERT_TRUE(lease->transact(write_of("a")).has_value());
  ASSERT_TRUE(lease->release().has_value());
  lease->leave();
  EXPECT_EQ(lease->find("thing", "a").error().code, Errc::storage_unavailable);
  EXPECT_EQ(lease->transact(write_of("b")).error().code, Errc::storage_unavailable);
  const auto other = open_catalog(directory / "catalog").value();
  EXPECT_TRUE(other->find("thing", "a").has_value());
  EXPECT_TRUE(lease->take_back().has_error());
}

TEST(CatalogLease, TellsItsWatchersAgainOnceItIsBack) {
  const testing::TemporaryDirectory directory;
  const auto lease = CatalogLease::open(directory / "catalog").value();
  int told = 0;
  lease->watch([&](const std::vector<Document>&) { ++told; });
  ASSERT_TRUE(lease->release().has_value());
  ASSERT_TRUE(lease->take_back().has_value());
  ASSERT_TRUE(lease->transact(write_of("a")).has_value());
  EXPECT_EQ(told, 1);
}

TEST(CatalogLease, LetsCallsWaitUntilItIsBack) {
  const testing::TemporaryDirectory directory;
  const auto lease = CatalogLease::open(directory / "catalog").value();
  ASSERT_TRUE(lease->release().has_value());
  std::promise<void> begun;
  auto written = std::async(std::launch::async, [&] {
    begun.set_value();
    return lease->transact(write_of("a"));
  });
  begun.get_future().wait();
  ASSERT_TRUE(lease->take_back().has_value());
  EXPECT_TRUE(written.get().has_value());
}

/// A catalog that does not close before it is let go.
struct Hanging {
  std::promise<void> let_go;
  std::shared_future<void> may_close = let_go.get_future().share();
  std::promise<void> closed;

  CatalogLease::Opener opener(const std::string& path) {
    return [this, path]() -> Result<std::unique_ptr<Catalog>> {
      auto opened = CatalogLease::open(path);
      if (!opened) return opened.error();
      return std::unique_ptr<Catalog>(new Slow(*this, std::move(*opened)));
    };
  }

 private:
  class Slow : public Catalog {
   public:
    Slow(Hanging& hanging, std::unique_ptr<Catalog> within)
        : hanging_(hanging), within_(std::move(within)) {}
    ~Slow() override {
      hanging_.may_close.wait();
      within_.reset();
      hanging_.closed.set_value();
    }
    Result<Document> find(std::string_view kind, std::string_view id) const override {
      return within_->find(kind, id);
    }
    Result<DocumentPage> list(const DocumentQuery& query) const override {
      return within_->list(query);
    }
    Result<std::vector<Document>> all(std::string_view kind) const override {
      return within_->all(kind);
    }
    Result<std::vector<Document>> transact(const Transaction& transaction) override {
      return within_->transact(transaction);
    }
    Result<std::optional<RememberedAnswer>> recall(std::string_view key,
                                                   WallTime now) const override {
      return within_->recall(key, now);
    }
    Result<std::vector<AuditEntry>> audit(const AuditQuery& query) const override {
      return within_->audit(query);
    }
    void watch(std::function<void(const std::vector<Document>&)> changed) override {
      within_->watch(std::move(changed));
    }
    Result<std::uint32_t> backup(const std::string& folder) override {
      return within_->backup(folder);
    }

   private:
    Hanging& hanging_;
    std::unique_ptr<Catalog> within_;
  };
};

TEST(CatalogLease, LeavesBehindWhatDoesNotClose) {
  const testing::TemporaryDirectory directory;
  Hanging hanging;
  {
    const auto lease =
        CatalogLease::open(hanging.opener(directory / "catalog"), std::chrono::milliseconds{10})
            .value();
    EXPECT_EQ(lease->release().error().code, Errc::storage_unavailable);
    EXPECT_FALSE(lease->close());
  }
  hanging.let_go.set_value();
  hanging.closed.get_future().wait();
}

}  // namespace
}  // namespace tallygate::store
